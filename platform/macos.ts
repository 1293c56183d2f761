/**
 * The Keychain: macOS's own store, which Safari, Chrome, Edge, Firefox and curl read. A certificate in
 * a keychain is trusted by trust settings, which lie elsewhere, for the user or for the machine.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DevcertError, say } from '../src/errors.ts';
import {
  explainKeychain,
  type KeychainDomain,
  noSession,
  type Place,
  whyNobodyAnswers,
  whyNotThisUser,
} from './macos-failures.ts';
import {
  hasTrustSettings,
  holdsCertificate,
  listAuthorities,
  security,
  verifies,
} from './macos-questions.ts';
import { entryName, partial } from './report-store.ts';
import type {
  Command,
  FindOptions,
  Host,
  Root,
  StoreFinder,
  StoreState,
  TrustStore,
} from './types.ts';

const SYSTEM_KEYCHAIN = '/Library/Keychains/System.keychain';
/** Somebody at a password is given the runner's five minutes; nobody, on a build machine, this. */
const UNATTENDED_TIMEOUT_MS = 60_000;

/** Finds the Keychain on macOS: the user's login keychain, the System keychain with `machine`, or both. */
export const macosStores: StoreFinder = {
  kind: 'system',
  platforms: ['darwin'],
  find: async (host, options) => {
    return Promise.all(
      domainsOf(options, host).map(async (domain) => {
        const keychain = domain === 'admin' ? SYSTEM_KEYCHAIN : await userKeychain(host);
        return keychainStore({ host, domain, keychain });
      }),
    );
  },
};

/** What commands need to know of a root. */
type Named = Pick<Root, 'file' | 'sha256'>;

/** Puts the certificate into the keychain, then trusts it for TLS. */
export function trustCommand(domain: KeychainDomain, root: Named, keychain: string): Command {
  const options = ['-r', 'trustRoot', '-p', 'ssl', '-p', 'basic', '-k', keychain];
  return settingsCommand('add-trusted-cert', domain, root, options, 'trust its certificates');
}

/** Removes the trust settings; the certificate stays in the keychain. */
export function distrustCommand(domain: KeychainDomain, root: Named): Command {
  const purpose = 'stop trusting its certificates';
  return {
    ...settingsCommand('remove-trusted-cert', domain, root, [], purpose),
    // errSecNoTrustSettings, errSecItemNotFound: there are none, which is what is wanted.
    tolerates: /-25263|-25300|No Trust Settings were found|could not be found in the keychain/i,
  };
}

/** Removes the certificate. By its hash: several may have one name. */
export function deleteCommand(
  domain: KeychainDomain,
  root: Pick<Root, 'sha1'>,
  keychain: string,
): Command {
  return {
    ...security('delete-certificate', '-Z', root.sha1.toUpperCase(), keychain),
    ...asking(domain), // a locked keychain is unlocked by a dialog
    tolerates: /Unable to delete certificate matching/i,
  };
}

function settingsCommand(
  verb: string,
  domain: KeychainDomain,
  root: Named,
  options: readonly string[],
  purpose: string,
): Command {
  const isAdmin = domain === 'admin';
  const file = isAdmin ? rootsFile(root) : root.file;
  const ask = isAdmin ? "may ask for an administrator's password" : 'will ask for your password';
  return {
    ...security(verb, ...(isAdmin ? ['-d'] : []), ...options, file),
    ...asking(domain),
    prompt: `macOS ${ask} in a dialog, to let devcert ${purpose}`,
  };
}

function asking(domain: KeychainDomain): Partial<Command> {
  return { mayPrompt: true, ...(domain === 'admin' ? { elevated: true } : {}) };
}

/**
 * For the machine with the root in a file that only root can change, which the command is to read: `security`
 * takes a certificate from a file alone, and one in the user's home may be changed meanwhile, or be closed to
 * root. What was written is compared before it is used, and taken away whatever comes of it.
 */
function inDomain(domain: KeychainDomain, root: Root, command: Command): readonly Command[] {
  if (domain === 'user') return [command];
  const file = rootsFile(root);
  const hash = createHash('sha256').update(root.pem).digest('hex');
  const input = `${hash}  ${file}\n`;
  return [
    { file: '/usr/bin/install', args: ['-m', '0600', '/dev/null', file], elevated: true },
    { file: '/usr/bin/tee', args: [file], input: root.pem, elevated: true },
    { file: '/usr/bin/shasum', args: ['-a', '256', '-c'], input, elevated: true },
    command,
    { file: '/bin/rm', args: ['-f', file], elevated: true, cleansUp: true },
  ];
}

// In root's own home, which nobody else may enter.
function rootsFile(root: Pick<Root, 'sha256'>): string {
  return `/private/var/root/${entryName(root)}.pem`;
}

function domainsOf({ machine = false, everywhere }: FindOptions, host: Host): KeychainDomain[] {
  const asked = machine ? 'admin' : 'user';
  if (everywhere !== true) return [asked];
  // For root, who asks for the machine's, there is no other.
  return machine && whyNotThisUser(host) !== undefined ? ['admin'] : ['admin', 'user'];
}

/** The login keychain; where it has another name or place, the one that is the user's default. */
async function userKeychain(host: Host): Promise<string> {
  const login = join(host.home ?? '/var/empty', 'Library/Keychains/login.keychain-db');
  if (existsSync(login) || whyNotThisUser(host) !== undefined) return login;
  const { exitCode, stdout } = await host.run(security('default-keychain', '-d', 'user'));
  const other = /^\s*"(\/.+)"\s*$/.exec(stdout)?.[1];
  return exitCode === 0 && other !== undefined && existsSync(other) ? other : login;
}

function keychainStore(place: Place): TrustStore {
  const { host, domain, keychain } = place;
  const wrongUser = domain === 'user' ? whyNotThisUser(host) : undefined;
  return {
    kind: 'system',
    name: domain === 'admin' ? 'macOS System keychain' : 'macOS login keychain',
    location: keychain,
    // They read what the system trusts when they start.
    restart: 'Firefox, Chrome and Edge',
    scope: domain === 'admin' ? 'machine' : 'user',
    inspect: async (root) =>
      wrongUser === undefined
        ? inspect(place, root)
        : { state: 'unavailable', needed: true, ...wrongUser },
    // then(): what a plan throws is a rejection.
    planInstall: (root) => Promise.resolve().then(() => planInstall(place, root)),
    planUninstall: (root) => planUninstall(place, root),
    list: async (organization) =>
      wrongUser === undefined && isFile(place) ? listAuthorities(place, organization) : [],
    explain: (command, result) =>
      explainKeychain(result, domain, command.args[0] === 'add-trusted-cert'),
  };
}

async function inspect(place: Place, root: Root): Promise<StoreState> {
  try {
    const isThere = await holds(place, root);
    const hasSettings = await hasTrustSettings(place, root);
    const verified = await verifies(place.host, root);
    if (!isThere && hasSettings === false && verified === true)
      return await trustedElsewhere(place, root);
    return stateOf({ isThere, hasSettings, verified }, place.domain);
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    const hint = DevcertError.hintOf(error);
    return { state: 'unavailable', needed: true, reason: error.message, hint };
  }
}

/** What three answers come to; undefined is a question that could not be asked. */
function stateOf(
  answers: { isThere: boolean; hasSettings: boolean | undefined; verified: boolean | undefined },
  domain: KeychainDomain,
): StoreState {
  const { isThere, hasSettings, verified } = answers;
  const other = domain === 'admin' ? 'your own trust settings' : 'the System keychain';
  if (isThere && verified === true && hasSettings === false)
    return partial(`it is in the keychain, and trusted by ${other} only`);
  const isTrusted = verified ?? hasSettings ?? false;
  if (isThere && isTrusted) return { state: 'trusted' };
  if (isThere)
    return partial(
      hasSettings === true
        ? 'it is in the keychain, and its trust settings do not let TLS trust it'
        : 'it is in the keychain, and not trusted',
    );
  if (verified === true || hasSettings === true)
    return partial('its trust settings are left, without the certificate');
  return { state: 'absent' };
}

/** Nothing here, and macOS trusts it: the other keychain answers for that, if it is that one. */
async function trustedElsewhere({ host, domain }: Place, root: Root): Promise<StoreState> {
  if (domain === 'user' || (await hasTrustSettings({ host, domain: 'user' }, root)) !== false)
    return { state: 'absent' };
  return partial('macOS trusts it by neither keychain: look for a profile in System Settings');
}

function planInstall(place: Place, root: Root): readonly Command[] {
  const { host, domain, keychain } = place;
  const nobody = domain === 'user' ? whyNobodyAnswers(host.env) : undefined;
  if (nobody !== undefined) throw noSession(nobody, 'install');
  if (!isFile(place))
    throw new DevcertError('store', `there is no keychain "${keychain}"`, {
      hint:
        domain === 'user'
          ? say`make one in Keychain Access (Settings, Reset Default Keychains), or use ${{ machine: true }}`
          : 'this Mac is damaged: see Disk Utility',
    });
  return inDomain(domain, root, unattended(trustCommand(domain, root, keychain), host));
}

async function planUninstall(place: Place, root: Root): Promise<readonly Command[]> {
  const { host, domain, keychain } = place;
  const isThere = await holds(place, root);
  const hasSettings = await hasTrustSettings(place, root);
  const distrusts = hasSettings ?? (isThere || (await verifies(host, root)) === true);
  const distrust = unattended(distrustCommand(domain, root), host);
  const nobody = domain === 'user' && distrusts ? whyNobodyAnswers(host.env) : undefined;
  if (nobody !== undefined) throw noSession(nobody, 'uninstall');
  return [
    ...(distrusts ? inDomain(domain, root, distrust) : []),
    ...(isThere ? [unattended(deleteCommand(domain, root, keychain), host)] : []),
  ];
}

function unattended(command: Command, { env }: Host): Command {
  return whyNobodyAnswers(env) === undefined
    ? command
    : { ...command, timeoutMs: UNATTENDED_TIMEOUT_MS };
}

// `security` falls back to all keychains where the one it was given cannot be opened.
async function holds(place: Place, root: Root): Promise<boolean> {
  return isFile(place) && holdsCertificate(place, root);
}

function isFile({ host, domain, keychain }: Place): boolean {
  return existsSync(domain === 'admin' ? join(host.sysroot, keychain) : keychain);
}
