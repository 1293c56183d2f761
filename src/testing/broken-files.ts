/** `devcert NAMES --broken KIND`: a certificate that is wrong in one way, in a folder that says so. */
import { join, resolve } from 'node:path';
import { checked, textOf, textsOf } from '../api/arguments.ts';
import { context } from '../api/composition.ts';
import { outputPaths, readExisting, tryCertificate } from '../certificate/output.ts';
import { isKeyOf } from '../certificate/reusable.ts';
import { type Context, placing, refuseSudo } from '../commands/context.ts';
import { assertNoLink } from '../disk/files.ts';
import { DEFAULT_FOLDER } from '../disk/paths.ts';
import { DevcertError, say } from '../errors.ts';
import type { LedgerEntry } from '../ledger/ledger.ts';
import { assertWritten, contentOf, type Output, place } from '../ledger/place.ts';
import { parseLeafRequest } from '../names/request.ts';
import { TEST_ORGANIZATION } from '../policy.ts';
import { projectRequest } from '../project/request.ts';
import { createTestCa, LEAF_ORGANIZATION } from './ca.ts';
import { type BrokenKind, kindOf } from './kinds.ts';
import { brokenReadme, README_TITLE } from './readme.ts';

export interface BrokenFilesOptions {
  /** What is to be wrong with it. */
  readonly broken: string;
  readonly client?: boolean;
  readonly peer?: boolean;
  readonly cn?: string;
  /** Folder; `.devcert/broken/KIND` by default, `client-KIND` in it for a client's. */
  readonly out?: string;
  /** Over files that are not devcert's. */
  readonly force?: boolean;
}

export interface BrokenFilesResult {
  readonly broken: BrokenKind;
  /** That were asked for; those of the certificate but for `wrong-name`. */
  readonly names: readonly string[];
  /** Absolute paths. */
  readonly folder: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** The root that a client of the test is to trust. */
  readonly caFile: string;
  /** Of a revoked one: the lists of the CA and its root. */
  readonly crlFile?: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/**
 * Writes one by a CA made for it alone, whose keys are thrown away: never by devcert's own, which need not be there
 * and is not made. Nothing renews it.
 *
 * @param typed names; those of the project if there are none.
 * @throws DevcertError `usage`, `invalid-name`, `file`, `refused`, `busy`.
 */
export async function brokenFiles(
  typed: string | readonly string[],
  options: BrokenFilesOptions,
): Promise<BrokenFilesResult> {
  const { broken, out, force, ...leaf } = checked(options, {
    ...{ broken: 'text', client: 'boolean', peer: 'boolean', cn: 'text' },
    ...{ out: 'text', force: 'boolean' },
  });
  const kind = kindOf(textOf(broken, '"broken"'));
  const here = await context({});
  refuseSudo(here);
  const wanted = textsOf(typed, 'names');
  const project = outputPaths({}, here.cwd);
  const asked =
    wanted.length > 0
      ? { names: wanted, options: leaf }
      : projectRequest([], { ...leaf, again: true }, project, here.cwd);
  const { client, peer, cn } = asked.options;
  // In the words of who asked, before anything is made.
  const request = parseLeafRequest(asked.names, { client, peer, cn });
  const names = request.names.map(({ value }) => value);
  const isClient = !request.usages.includes('serverAuth');
  const ca = createTestCa({ name: kind });
  const made = ca.broken(kind, names, { client, peer, cn });
  const folder = folderOf(here, isClient ? `client-${kind}` : kind, out);
  const files = pairIn(folder);
  const crlFile = kind === 'revoked' ? join(folder, 'crl.pem') : undefined;
  const file = (path: string, data: string, secret = false): Output => ({ path, data, secret });
  const outputs = [
    file(files.keyFile, made.key, true),
    file(files.certFile, made.cert),
    file(files.caFile, ca.cert),
    ...(crlFile === undefined ? [] : [file(crlFile, ca.crl.join(''))]),
    file(join(folder, 'README.md'), brokenReadme(kind, names, isClient)),
  ];
  const placed = { ...placing(here), force, followFolder: out !== undefined, gitignore: true };
  await place(outputs, placed, (entries) => {
    if (force !== true) assertReplaceable(folder, outputs, entries());
    return [{ outputs, entry: { ca: '', broken: { kind, names } } }];
  });
  return {
    ...{ broken: kind, names, folder, notBefore: made.notBefore, notAfter: made.notAfter },
    ...{ ...files, crlFile },
  };
}

function pairIn(folder: string) {
  const at = (name: string) => join(folder, name);
  return { certFile: at('cert.pem'), keyFile: at('key.pem'), caFile: at('ca.pem') };
}

function folderOf({ cwd }: Context, name: string, out: string | undefined): string {
  if (out === '')
    throw new DevcertError('usage', 'the path of the folder is empty', {
      hint: 'give a path, or leave the option out',
    });
  if (out !== undefined) return resolve(cwd, out);
  const folder = join(cwd, DEFAULT_FOLDER, 'broken', name);
  for (const path of [join(cwd, DEFAULT_FOLDER), join(folder, '..'), folder])
    assertNoLink(path, say`say where to write: ${{ out: `"${path}"` }}`);
  return folder;
}

/**
 * Without an authority there is no ledger: then what tells is a certificate of a CA for tests with our README beside it.
 *
 * @throws DevcertError `file`.
 */
function assertReplaceable(
  folder: string,
  outputs: readonly Output[],
  entries: readonly LedgerEntry[],
): void {
  const readme = contentOf(join(folder, 'README.md'))?.toString() ?? '';
  if (readme.startsWith(README_TITLE) && isOfTest(folder)) return;
  for (const { path } of outputs) assertWritten(path, contentOf(path), entries);
}

function isOfTest(folder: string): boolean {
  const { certificate, key, caText = '' } = readExisting(pairIn(folder));
  return (
    tryCertificate(caText)?.subject.includes(`O=${TEST_ORGANIZATION}`) === true &&
    certificate?.subject.includes(`O=${LEAF_ORGANIZATION}`) === true &&
    key !== undefined &&
    isKeyOf(certificate, key)
  );
}
