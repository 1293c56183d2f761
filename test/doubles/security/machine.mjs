// The Mac of the double: its keychains and trust settings, its dialogs.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const messages = {
  cancel: 'The authorization was canceled by the user.', // -60006
  none: 'The authorization was denied since no user interaction was possible.', // -60007
  noSettings: 'No Trust Settings were found.', // -25263
  notFound: 'The specified item could not be found in the keychain.', // -25300
};

export class Exit extends Error {
  constructor(code, message = '') {
    super(message);
    this.code = code;
  }
}

/** A dialog that nobody answers: the process would stay. */
export class Hang extends Error {}

export function notModelled(what) {
  return new Exit(70, `the double of security does not model ${what}`);
}

export class Machine {
  /** What was written to standard output. */
  said = '';

  /**
   * root: folder that stands for / where System.keychain and the trust settings are concerned
   * home: the user's
   * uid: 0 for root; 501 by default
   * ui: what happens to a dialog: allow (default), cancel, none (no session), hang
   * sip: off lets root add trust settings for the machine without a dialog; on by default
   * locked: true: the login keychain is locked, so that changing it needs a dialog
   */
  constructor({ root, home, uid = 501, ui = 'allow', sip = 'on', locked = false }) {
    Object.assign(this, { root, home, uid, ui, sip, locked });
  }

  say(text) {
    this.said += text;
  }

  /** Root changes the machine's settings without a dialog only with SIP off, and only while some are left. */
  authorize(domain, someLeft, caller) {
    if (domain === 'admin' && this.uid === 0 && this.sip === 'off' && someLeft) return;
    this.#dialog(caller);
  }

  unlock(keychain) {
    if (this.locked && !keychain.startsWith('/Library/')) this.#dialog('SecKeychainUnlock');
  }

  #dialog(caller) {
    if (this.ui === 'allow') return;
    if (this.ui === 'hang') throw new Hang('nobody answers');
    if (!(this.ui in messages)) throw notModelled(`a dialog with ${this.ui}`);
    throw new Exit(1, `${caller}: ${messages[this.ui]}`);
  }

  // A keychain is a file with a JSON list of DER in base64; an empty one is an empty file.
  #keychainFile(path) {
    return path.startsWith('/Library/') ? join(this.root, path) : path;
  }

  /** The login keychain, or the first one of another name. */
  defaultKeychain() {
    const folder = join(this.home, 'Library/Keychains');
    const names = readdirSync(folder).filter((name) => name.endsWith('.keychain-db'));
    const name = names.includes('login.keychain-db') ? 'login.keychain-db' : names.sort()[0];
    return name && join(folder, name);
  }

  readKeychain(path) {
    return readJson(this.#keychainFile(path), []);
  }

  writeKeychain(path, certificates) {
    writeFileSync(this.#keychainFile(path), JSON.stringify(certificates));
  }

  #settingsFile(domain) {
    return join(domain === 'admin' ? this.root : this.home, 'Library/TrustSettings.json');
  }

  readSettings(domain) {
    const settings = readJson(this.#settingsFile(domain), {});
    return settings === undefined || Object.keys(settings).length === 0 ? undefined : settings;
  }

  writeSettings(domain, settings) {
    const file = this.#settingsFile(domain);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(settings));
  }
}

function readJson(file, empty) {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8');
  return text === '' ? empty : JSON.parse(text);
}
