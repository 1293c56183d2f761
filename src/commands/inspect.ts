/** `devcert inspect`: what files, or servers in place of files, hold. Changes nothing, and makes no authority. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { authorityCertificates } from '../authority/certificates.ts';
import { DevcertError, EXIT, say } from '../errors.ts';
import { looserThan, readIfThere } from '../disk/files.ts';
import { withFileError } from '../disk/filesystem.ts';
import type { InspectInput } from '../inspect/open.ts';
import { error } from '../inspect/problems.ts';
import { inspectFiles } from '../inspect/together.ts';
import type { InspectedFile, Relation } from '../inspect/types.ts';
import type { Context } from './context.ts';
import { encodePem } from '../keystore/pem.ts';
import { MAX_STORE_BYTES, SERVER_TIMEOUT_MS } from '../policy.ts';
import { serverIn, type Server } from '../verify/target.ts';
import { errorsFirst } from '../x509/finding.ts';

/** A file by its path, or its bytes and what to call it. */
export type InspectSource = string | { readonly name: string; readonly bytes: Buffer };

export interface InspectOptions {
  /** For what is encrypted. Without it, what is visible is shown, and `isLocked` is true. */
  readonly password?: string;
  /** For keys in a store that the other one does not open. */
  readonly keyPassword?: string;
}

export interface InspectResult {
  /** In the order they were given. */
  readonly files: readonly InspectedFile[];
  /** What several files have to do with each other. */
  readonly relations: readonly Relation[];
  /** 0, whatever is wrong with them; 5 if a certificate that a file is about has expired. */
  readonly exitCode: number;
}

/**
 * @param sources the pair in `.devcert` if there are none.
 * @throws DevcertError `file`, `usage` without anything to look at, `invalid-input`, `password` for a wrong one.
 */
export function inspect(
  context: Context,
  sources: readonly InspectSource[],
  options: InspectOptions = {},
): InspectResult {
  const chosen = sources.length > 0 ? sources : ownPair(context);
  const inputs = chosen.map((source): InspectInput => {
    const { name, bytes } = typeof source === 'string' ? read(context, source) : source;
    return { file: name, bytes, ...options };
  });
  const around = { now: context.host.now(), authorities: authorityCertificates(context.folder) };
  const { files, relations } = inspectFiles(inputs, around);
  const inspected = files.map((file, index) => {
    const source = chosen[index];
    return typeof source === 'string' ? withMode(file, resolve(context.cwd, source)) : file;
  });
  return { files: inspected, relations, exitCode: exitCode(inspected) };
}

/**
 * The sources, with what servers send in place of `HOST:PORT` and URLs. A file of that name comes first.
 *
 * @throws DevcertError `command` for a server that sends no certificate, `usage`.
 */
export async function withServers(
  { cwd }: Context,
  sources: readonly InspectSource[],
): Promise<InspectSource[]> {
  const all: InspectSource[] = [];
  for (const source of sources) {
    const name = typeof source === 'string' && !existsSync(resolve(cwd, source)) ? source : '';
    const server = serverIn(name, { command: 'inspect', names: 'localhost:8443' });
    all.push(server === undefined ? source : { name, bytes: await sentBy(server) });
  }
  return all;
}

async function sentBy(server: Server): Promise<Buffer> {
  // Files are looked into without Node's network.
  const { contact } = await import('../verify/contact.ts');
  const { shaken, problem } = await contact(server, server.host, SERVER_TIMEOUT_MS);
  const certificates = shaken?.flight.certificates ?? [];
  if (certificates.length > 0)
    return Buffer.from(certificates.map((der) => encodePem('CERTIFICATE', der)).join(''));
  throw new DevcertError('command', problem?.message ?? 'the server sent no certificate', {
    hint: problem?.fix ?? 'look into its log',
  });
}

function ownPair({ cwd }: Context): string[] {
  const files = ['cert.pem', 'key.pem'].map((name) => join('.devcert', name));
  const there = files.filter((file) => existsSync(resolve(cwd, file)));
  if (there.length > 0) return there;
  throw new DevcertError('usage', 'which file?', {
    hint: say`${{ command: 'inspect', names: ['cert.pem', 'key.pem'] }}, or "-" for standard input`,
  });
}

function read({ cwd }: Context, file: string): { name: string; bytes: Buffer } {
  const path = resolve(cwd, file);
  const stat = withFileError('read', path, () => statSync(path, { throwIfNoEntry: false }));
  if (stat?.isDirectory() === true)
    throw new DevcertError('file', `"${path}" is a folder`, {
      hint: say`name the files in it: ${{ command: 'inspect', names: [join(file, '*.pem')] }}`,
    });
  if (stat?.isFIFO() === true)
    throw new DevcertError('file', `"${path}" is a pipe`, {
      hint: say`give what it holds on standard input: … | ${{ command: 'inspect' }} -`,
    });
  const bytes = readIfThere(path, { maxBytes: MAX_STORE_BYTES });
  if (bytes !== undefined) return { name: file, bytes };
  throw new DevcertError('file', `there is no file "${path}"`, {
    hint: 'give the path of a certificate, key or key store',
  });
}

/** An open key in a file that others may read. */
function withMode(file: InspectedFile, path: string): InspectedFile {
  const mode = file.hasOpenKey ? looserThan(path, 0o600) : undefined;
  if (mode === undefined) return file;
  const problem = error(
    'key-readable',
    `the private key can be read by others (mode 0${mode.toString(8)})`,
    `chmod 600 "${file.file}"`,
  );
  return { ...file, problems: errorsFirst([problem, ...file.problems]) };
}

/** Of a chain its leaf, else the only certificate; roots in a trust store expire without harm to others. */
function exitCode(files: readonly InspectedFile[]): number {
  const isExpired = files.some(({ certificates, chain, kind }) => {
    if (kind === 'trust-store' || kind === 'certificates') return false;
    return (certificates[chain?.order[0] ?? 0]?.daysLeft ?? 0) < 0;
  });
  return isExpired ? EXIT.expired : EXIT.done;
}
