/** Java's trust stores: the `cacerts` of every installation, through its own keytool. */
import { accessSync, constants, statSync } from 'node:fs';
import { relative } from 'node:path';
import { DevcertError, printable } from '../src/errors.ts';
import { findJdks, type Jdk, PASSWORD } from './jdks.ts';
import { authoritiesIn, certificateBodies } from './pem.ts';
import { quoteForPosix } from './quote.ts';
import { entryName, explainBy, type Meaning, reportStore } from './report-store.ts';
import type {
  Command,
  CommandResult,
  Explanation,
  Host,
  Root,
  StoreFinder,
  TrustStore,
} from './types.ts';

const LIST_TIMEOUT_MS = 60_000;
const CHANGE_TIMEOUT_MS = 120_000;

// Each of these can change the language, load an agent or print into what we read.
const quiet = { JAVA_TOOL_OPTIONS: '', _JAVA_OPTIONS: '', JDK_JAVA_OPTIONS: '' };

/** Finds the key store of every Java installation, each once. */
export const javaStores: StoreFinder = {
  kind: 'java',
  find: (host) => Promise.resolve(stores(findJdks(host), host)),
};

/** A key store and the keytool that changes it; absolute paths. */
export interface Keystore {
  readonly keytool: string;
  readonly keystore: string;
  /** True if this process may not write the key store. */
  readonly elevated: boolean;
}

/**
 * Aliases of the trusted certificates that are the root, from the output of `keytool -list -rfc`: all Java
 * versions alike, in English. The chain of somebody's private key is not trust and not looked at.
 */
export function findAliases(listing: string, root: Pick<Root, 'der'>): string[] {
  const own = root.der.toString('base64');
  return trustedEntries(listing).flatMap(({ alias, body }) => (body === own ? [alias] : []));
}

function trustedEntries(listing: string): { alias: string; body: string }[] {
  return listing.split(/^Alias name: /m).flatMap((entry, index) => {
    const alias = entry.slice(0, entry.search(/\r?\n/));
    const isTrusted = /^Entry type: trustedCertEntry\s*$/m.test(entry);
    const [body] = certificateBodies(entry);
    return index > 0 && isTrusted && body !== undefined ? [{ alias, body }] : [];
  });
}

function keytoolCommand(
  { keytool, keystore }: Keystore,
  [action = '', ...options]: readonly string[],
  timeoutMs = CHANGE_TIMEOUT_MS,
): Command {
  const store = ['-keystore', keystore, '-storepass', PASSWORD];
  const args = ['-J-Duser.language=en', action, ...options, ...store];
  return { file: keytool, args, env: quiet, timeoutMs };
}

/** As root from standard input. The alias is only ever written, never looked for. */
function importCommand(target: Keystore, root: Root): Command {
  const { elevated } = target;
  const args = ['-importcert', '-noprompt', '-alias', entryName(root)];
  const command = keytoolCommand(target, elevated ? args : [...args, '-file', root.file]);
  return { ...command, elevated, input: elevated ? root.pem : undefined };
}

/** One store for each; those of one name have in it where they lie, too. */
function stores(jdks: readonly Jdk[], host: Host): TrustStore[] {
  const isAlone = (jdk: Jdk, by: (jdk: Jdk) => string) =>
    jdks.filter((it) => by(it) === by(jdk)).length === 1;
  return jdks.map((jdk) => {
    const { home, keystore = home } = jdk;
    if (isAlone(jdk, nameOf)) return store(jdk, nameOf(jdk), host);
    const place = isAlone(jdk, (it) => it.home) ? home : keystore;
    return store(jdk, `${nameOf(jdk)} (${printable(place)})`, host);
  });
}

function store(jdk: Jdk, name: string, host: Host): TrustStore {
  const { keystore, keytool } = jdk;
  const about = { kind: 'java', name, location: keystore ?? jdk.home } as const;
  if (keystore === undefined || keytool === undefined)
    return reportStore(about, () => unusable(jdk));
  const isOwn = belongsTo(host.uid, jdk.home);
  const elevated = !isOwn && needsRoot(keystore, host);
  const own = isOwn ? mendingHint(jdk.home, keystore, host) : undefined;
  const target = { keytool, keystore, elevated };
  const list = () => host.run(keytoolCommand(target, ['-list', '-rfc'], LIST_TIMEOUT_MS));
  return {
    ...about,
    inspect: async (root) => {
      const result = await list();
      if (result.exitCode !== 0) return { state: 'unavailable', needed: true, ...failure(result) };
      return { state: findAliases(result.stdout, root).length > 0 ? 'trusted' : 'absent' };
    },
    planInstall: (root) => Promise.resolve([importCommand(target, root)]),
    planUninstall: async (root) => {
      const result = await list();
      if (result.exitCode !== 0) {
        const { reason, ...hint } = failure(result);
        throw new DevcertError('store', reason, hint);
      }
      return findAliases(result.stdout, root).map((alias) => ({
        ...keytoolCommand(target, ['-delete', '-alias', alias]),
        elevated,
      }));
    },
    list: async (organization) => {
      const { stdout } = await list();
      const bodies = trustedEntries(stdout).map(({ body }) => body);
      return authoritiesIn(bodies, organization);
    },
    explain: (_command, result) => explainBy(explanations(own), result),
  };
}

// The user's own Java, as version managers install it: with sudo it would run as root what any program of the
// user's may have changed.
function belongsTo(uid: number | undefined, path: string): boolean {
  return uid !== undefined && uid !== 0 && statSync(path).uid === uid;
}

/** What lets the user write the key store of a Java of the user's own. */
function mendingHint(home: string, keystore: string, { uid }: Host): string {
  if (relative(home, keystore).startsWith('..'))
    return 'import the root with the keytool of a Java that belongs to root';
  const file = quoteForPosix(keystore);
  const owner = belongsTo(uid, keystore) ? '' : `sudo chown ${String(uid)} ${file} && `;
  return `make it writable, then run this again: ${owner}chmod u+w ${file}`;
}

function nameOf({ home, version, keystore }: Jdk): string {
  if (keystore !== undefined && relative(home, keystore).startsWith('..'))
    return 'Java (shared cacerts)';
  return printable(`Java ${version ?? ''}`.trim());
}

function unusable({ home, keystore, leftover }: Jdk) {
  if (leftover) return { reason: `there is no Java in "${home}", where JAVA_HOME points` };
  if (keystore === undefined)
    return {
      reason: `the Java in "${home}" has no lib/security/cacerts`,
      hint: 'reinstall it; on Debian and Ubuntu: sudo apt install --reinstall ca-certificates-java',
      needed: true,
    };
  return {
    reason: `the Java in "${home}" has no keytool`,
    hint: 'install a full JDK beside it, or import the root with another keytool',
    needed: true,
    lacks: 'keytool',
  };
}

// Windows has no such command as sudo to count on: there keytool says itself what it may not.
const elevates: Partial<Record<NodeJS.Platform, false>> = { win32: false };

function needsRoot(keystore: string, host: Host): boolean {
  if (host.isRoot || elevates[host.platform] === false) return false;
  try {
    accessSync(keystore, constants.W_OK);
    return false;
  } catch {
    return true; // for whatever reason it cannot be written, root is the next to try
  }
}

/** Words for a failed listing. */
function failure(result: CommandResult): Explanation {
  const explained = explainBy(explanations(), result);
  if (explained !== undefined) return explained;
  if (result.failure === 'timeout') return { reason: 'keytool did not end in time' };
  if (result.failure === 'unsafe')
    return {
      reason: 'its keytool is not run as root: users other than root can change it',
      hint: 'run devcert as the user whose Java it is',
    };
  if (result.failure !== undefined) return { reason: `keytool did not run (${result.failure})` };
  const said = `${result.stdout}\n${result.stderr}`.trim().split('\n').at(-1) ?? '';
  return { reason: `keytool cannot read it: ${printable(said).trim()}` };
}

const FORBIDDEN = /Permission denied|Access is denied|AccessDeniedException/i;

/** @param own what to do about a key store that may not be written, in a Java of the user's own. */
function explanations(own?: string): readonly Meaning[] {
  const mine = {
    said: FORBIDDEN,
    reason: 'you may not write its key store, and a Java of your own is never run with sudo',
    hint: own,
  };
  return own === undefined ? FAILURES : [mine, ...FAILURES];
}

const FAILURES: readonly Meaning[] = [
  {
    said: /password was incorrect/i,
    reason: `its password is not "${PASSWORD}", or it is damaged`,
    hint: 'import the root with keytool and your password, or give it back the usual one',
  },
  {
    said: /Unrecognized keystore format|Invalid keystore format|EOFException|exists, but is empty|DerInputStream|toDerInputStream|ZipException/i,
    reason: 'the key store is damaged',
    hint: 'reinstall this Java; on Debian and Ubuntu: sudo apt install --reinstall ca-certificates-java',
  },
  {
    said: /Read-only file system/i,
    reason: 'the file system is read-only',
    hint: 'import the root where this Java is built or configured',
  },
  {
    said: FORBIDDEN,
    reason: 'this user may not write or read the key store',
    hint: 'run it again from an elevated terminal',
  },
];
