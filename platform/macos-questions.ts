/** What the Keychain is asked before and after every act. Nothing here changes it or prompts. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DevcertError, printable } from '../src/errors.ts';
import { inTemporaryFolder } from './look.ts';
import type { KeychainDomain, Place } from './macos-failures.ts';
import { authoritiesIn, certificateBodies } from './pem.ts';
import type { Command, CommandResult, Host, Root } from './types.ts';

/** By its path: whatever else is called so on PATH is not asked. */
const SECURITY = '/usr/bin/security';

export function security(...args: readonly string[]): Command {
  return { file: SECURITY, args };
}

/** Prints the hashes of every certificate whose name holds the root's. */
export function findCommand(root: Pick<Root, 'commonName'>, keychain: string): Command {
  return security('find-certificate', '-a', '-c', root.commonName, '-Z', keychain);
}

/** Verifies a server's certificate. Never the root itself: a CA as leaf is judged differently by version. */
export function verifyCommand(files: readonly string[], name: string): Command {
  const chain = files.flatMap((file) => ['-c', file]);
  return security('verify-cert', ...chain, '-p', 'ssl', '-n', name, '-L', '-q');
}

/** Writes the trust settings of one domain into a file. */
export function exportCommand(domain: KeychainDomain, file: string): Command {
  return security('trust-settings-export', ...(domain === 'admin' ? ['-d'] : []), file);
}

/**
 * True if this very certificate is in the keychain.
 *
 * @throws DevcertError `store` if the keychain cannot be asked.
 */
export async function holdsCertificate({ host, keychain }: Place, root: Root): Promise<boolean> {
  const found = await ask(host, findCommand(root, keychain));
  const hashes = found.matchAll(/^SHA-(?:256|1) hash: ([0-9A-F]+)\s*$/gim);
  // Before macOS 10.15 there was the SHA-1 line only.
  const known = Array.from(hashes, ([, hash = '']) => hash.toLowerCase());
  const identity = known.some((hash) => hash.length === 64) ? root.sha256 : root.sha1;
  return known.includes(identity);
}

/** DER of the authorities of an organization in a keychain, whose names begin with its first word. */
export async function listAuthorities(
  { host, keychain }: Place,
  organization: string,
): Promise<Buffer[]> {
  const [word = ''] = organization.split(' ');
  // Prints as PEM every certificate whose name holds the text.
  const show = security('find-certificate', '-a', '-c', `${word} root`, '-p', keychain);
  return authoritiesIn(certificateBodies(await ask(host, show)), organization);
}

/** True if the domain has trust settings for the root; undefined if it cannot be asked. */
export async function hasTrustSettings(
  { host, domain }: Pick<Place, 'host' | 'domain'>,
  root: Root,
): Promise<boolean | undefined> {
  return inTemporaryFolder(async (folder) => {
    const file = join(folder, 'settings.plist');
    const result = await host.run(exportCommand(domain, file));
    if (result.failure === undefined && /-25263|No Trust Settings were found/i.test(result.stderr))
      return false;
    if (result.exitCode !== 0 || !existsSync(file)) return undefined;
    // Keyed by SHA-1 in hex, which is the same text in a binary property list.
    return readFileSync(file, 'latin1').toLowerCase().includes(root.sha1);
  });
}

/** True if macOS accepts a server's certificate below the root; undefined if there is none to ask with. */
export async function verifies(host: Host, root: Root): Promise<boolean | undefined> {
  const probe = await root.probe?.(host.now());
  if (probe === undefined) return undefined;
  return inTemporaryFolder(async (folder) => {
    const files = [...probe.chain, root.pem].map((pem, index) => {
      const file = join(folder, `${index}.pem`);
      writeFileSync(file, pem, { mode: 0o600 });
      return file;
    });
    const result = await host.run(verifyCommand(files, probe.name));
    if (result.failure !== undefined) throw cannotAsk(result);
    return result.exitCode === 0;
  });
}

async function ask(host: Host, command: Command): Promise<string> {
  const result = await host.run(command);
  if (result.exitCode !== 0) throw cannotAsk(result);
  return result.stdout;
}

function cannotAsk(result: CommandResult): DevcertError {
  const said = printable(result.stderr.trim().split('\n').at(-1) ?? '');
  const why =
    result.failure === 'not-found'
      ? `there is no program "${SECURITY}"`
      : result.failure === 'timeout'
        ? `"${SECURITY}" did not answer in time`
        : `"${SECURITY}" cannot read the keychain${said === '' ? '' : `: ${said}`}`;
  return new DevcertError('store', why, { hint: 'security list-keychains' });
}
