/** What a run has to use keys that lie in no open file: whom it asks, and what was opened already. */
import type { KeyObject } from 'node:crypto';
import { DevcertError, say } from '../errors.ts';
import type { PublicKey } from '../keys.ts';
import type { SshAgent } from './ssh-agent.ts';

export interface KeyringOptions {
  /**
   * Asked for a passphrase; undefined if nobody can be asked.
   *
   * @param what it opens, for people: `the key of the authority "default"`.
   * @param isNew it is for a key that is about to be encrypted, so a slip would lock it away.
   * @param check throws DevcertError `password` for a wrong one: for whoever can ask again.
   */
  readonly passphrase?:
    ((what: string, isNew: boolean, check?: (text: string) => void) => Promise<string>) | undefined;
  /** The user's SSH agent, whether there is one or not; undefined if none may be asked. */
  readonly agent?: SshAgent | undefined;
}

/** Makes an `ENCRYPTED PRIVATE KEY` PEM block of a key; the run that made it can open it. */
export type Encrypter = (key: KeyObject) => string;

/** `encodeEncryptedKey()`. An argument, as who only opens a key has no use for it. */
export type Encryption = (key: KeyObject, passphrase: string) => string;

/** One for each run: nobody is asked twice for the same key, and none is opened that signs nothing. */
export class Keyring {
  readonly #options: KeyringOptions;
  readonly #opened = new Map<string, Promise<Opened>>();
  /** Passphrases that opened a key of this run, or are to. */
  readonly #known = new Set<string>();
  #failure: { readonly error: unknown } | undefined;

  constructor(options: KeyringOptions = {}) {
    this.#options = options;
  }

  /**
   * The key in an `ENCRYPTED PRIVATE KEY` PEM block.
   *
   * @param what as in {@link KeyringOptions.passphrase}.
   * @throws DevcertError `password` for a wrong passphrase, or if nobody can be asked; what the asked one throws.
   */
  async open(pem: string, what: string): Promise<KeyObject> {
    return (await this.#open(pem, what)).key;
  }

  /** True if a passphrase that was given in this run opens the block: nobody is asked. */
  async canOpen(pem: string): Promise<boolean> {
    return this.#opened.has(pem) || (await this.#tryKnown(pem)) !== undefined;
  }

  /** Encrypts with the passphrase that opens another key: asked for, and tried there first. Throws as {@link open}. */
  async encrypterLike(pem: string, what: string, encrypt: Encryption): Promise<Encrypter> {
    return this.#encrypter((await this.#open(pem, what)).passphrase, encrypt);
  }

  /** Encrypts with a new passphrase. @throws DevcertError `password` for one that is no good, or for none. */
  async newEncrypter(what: string, encrypt: Encryption): Promise<Encrypter> {
    return this.use(async () => {
      const { parsePassphrase } = await import('./passphrase.ts');
      const passphrase = parsePassphrase(await this.#ask(what, true), what, true);
      return this.#encrypter(passphrase, encrypt);
    });
  }

  /** The user's SSH agent. @throws DevcertError `agent` if none may be asked. */
  get agent(): SshAgent {
    const { agent } = this.#options;
    if (agent !== undefined) return agent;
    throw new DevcertError('agent', 'the key is in an SSH agent, and none may be asked here');
  }

  /** Signs with a key of the user's SSH agent, on P-256. */
  async signByAgent(publicKey: PublicKey, toBeSigned: Buffer): Promise<Buffer> {
    const { sshAgentSigner } = await import('./ssh-agent.ts');
    return this.use(() => sshAgentSigner(publicKey, this.agent).sign(toBeSigned));
  }

  /**
   * Does something with a key. Once that has failed nothing more is tried in this run: whoever made a slip, or
   * refused, would be asked again for every certificate.
   */
  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure.error;
    try {
      return await work();
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  /** True for what {@link use} threw: it holds for all that is left to sign. */
  isFailure(error: unknown): boolean {
    return this.#failure !== undefined && this.#failure.error === error;
  }

  #open(pem: string, what: string): Promise<Opened> {
    const opened =
      this.#opened.get(pem) ??
      this.use(async () => {
        const known = await this.#tryKnown(pem);
        if (known !== undefined) return known;
        const { decryptKeyPem } = await import('./passphrase.ts');
        const keys = new Map<string, KeyObject>();
        const passphrase = await this.#ask(what, false, (text) => {
          keys.set(text, decryptKeyPem(pem, text, what));
        });
        const key = keys.get(passphrase) ?? decryptKeyPem(pem, passphrase, what);
        this.#known.add(passphrase);
        return { passphrase, key };
      });
    this.#opened.set(pem, opened);
    return opened;
  }

  async #tryKnown(pem: string): Promise<Opened | undefined> {
    const { decryptKeyPem } = await import('./passphrase.ts');
    for (const passphrase of this.#known)
      try {
        return { passphrase, key: decryptKeyPem(pem, passphrase, '') };
      } catch (error) {
        if (!(error instanceof DevcertError) || error.code !== 'password') throw error;
      }
    return undefined;
  }

  #encrypter(passphrase: string, encrypt: Encryption): Encrypter {
    this.#known.add(passphrase);
    return (key) => {
      // As it is opened: the same on every keyboard.
      const pem = encrypt(key, passphrase.normalize('NFC'));
      this.#opened.set(pem, Promise.resolve({ key, passphrase }));
      return pem;
    };
  }

  async #ask(what: string, isNew: boolean, check?: (text: string) => void): Promise<string> {
    const { passphrase } = this.#options;
    if (passphrase !== undefined) return passphrase(what, isNew, check);
    throw new DevcertError('password', `${what} needs its passphrase`, {
      hint: say`give it: ${{ caPasswordFile: 'FILE' }}`,
    });
  }
}

interface Opened {
  readonly key: KeyObject;
  readonly passphrase: string;
}
