/** What a run has to use keys that lie in no open file: whom it asks, and what was opened already. */
import type { KeyObject } from 'node:crypto';
import { DevcertError, say } from '../errors.ts';
import type { PublicKey } from '../keys.ts';
import type { Signer } from '../x509/certificate.ts';
import type { SshAgent } from './ssh-agent.ts';

export interface KeyringOptions {
  /**
   * Asked for a passphrase; undefined if nobody can be asked.
   *
   * @param what it opens, for people: `the key of the authority "default"`.
   * @param isNew it is for a key that is about to be encrypted, so a slip would lock it away.
   */
  readonly passphrase?: ((what: string, isNew: boolean) => Promise<string>) | undefined;
  /** The user's SSH agent, whether there is one or not; undefined if none may be asked. */
  readonly agent?: SshAgent | undefined;
}

/** One for each run: nobody is asked twice for the same key, and none is opened that signs nothing. */
export class Keyring {
  readonly #options: KeyringOptions;
  readonly #opened = new Map<string, Promise<KeyObject>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(options: KeyringOptions = {}) {
    this.#options = options;
  }

  /**
   * The key in an `ENCRYPTED PRIVATE KEY` PEM block.
   *
   * @param what as in {@link KeyringOptions.passphrase}.
   * @throws DevcertError `password` for a wrong passphrase, or if nobody can be asked.
   */
  open(pem: string, what: string): Promise<KeyObject> {
    let opened = this.#opened.get(pem);
    if (opened === undefined) {
      opened = this.use(async () => {
        const { decryptKeyPem } = await import('./passphrase.ts');
        return decryptKeyPem(pem, await this.#ask(what, false), what);
      });
      this.#opened.set(pem, opened);
    }
    return opened;
  }

  /** The user's SSH agent. @throws DevcertError `agent` if none may be asked. */
  get agent(): SshAgent {
    const { agent } = this.#options;
    if (agent !== undefined) return agent;
    throw new DevcertError('agent', 'the key is in an SSH agent, and none may be asked here');
  }

  /** Signs with a key of the user's SSH agent, on P-256. */
  async agentSigner(publicKey: PublicKey): Promise<Signer> {
    const { sshAgentSigner } = await import('./ssh-agent.ts');
    const sign = (toBeSigned: Buffer) =>
      this.use(() => sshAgentSigner(publicKey, this.agent).sign(toBeSigned));
    return { publicKey, sign };
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

  async #ask(what: string, isNew: boolean): Promise<string> {
    const { passphrase } = this.#options;
    if (passphrase !== undefined) return passphrase(what, isNew);
    throw new DevcertError('password', `${what} needs its passphrase`, {
      hint: say`give it in a file: ${{ caPasswordFile: 'FILE' }}`,
    });
  }
}
