/** Certificates, their other formats, CSRs, and what is in files, as functions. */
import { isUint8Array } from 'node:util/types';
import type { AuthorityOption } from '../commands/context.ts';
import type { ServerCertificate } from '../commands/certificate.ts';
import type { CsrOptions, CsrResult } from '../commands/csr.ts';
import type { ExportOptions, ExportResult } from '../commands/export.ts';
import type { InspectOptions, InspectResult, InspectSource } from '../commands/inspect.ts';
import type { IssueOptions, IssueResult } from '../commands/issue.ts';
import type { RecipeOptions, RecipeResult, RecipeSummary } from '../commands/recipe.ts';
import type { SignOptions, SignResult } from '../commands/sign.ts';
import { isObject } from '../errors.ts';
import type { LeafOptions } from '../names/request.ts';
import {
  checked,
  leafSpec,
  listenerOf,
  type Spec,
  textOf,
  textsOf,
  wrongType,
} from './arguments.ts';
import { context, type Listener, projectContext, quietContext } from './composition.ts';

const csrSpec: Spec<CsrOptions> = {
  ...{ client: 'boolean', peer: 'boolean', cn: 'text', key: 'text', force: 'boolean' },
  ...{ out: 'text', keyFile: 'text', password: 'text', keyPassword: 'text', der: 'boolean' },
};

/**
 * Issues a certificate for DNS names and IP addresses into files (`.devcert/cert.pem`, `key.pem` and
 * `ca.pem` in the current folder unless `options` say otherwise), or finds a valid one there. Touches no
 * trust store.
 *
 * @param names `localhost` if there are none.
 * @param listener its `password` is asked for what is needed and not in the options.
 * @throws DevcertError `invalid-name`, `outside-constraints`, `usage`, `file`, `invalid-authority`,
 *   `expired`, `refused`, `busy`, `password`, `agent`.
 */
export async function issue(
  names: string | readonly string[] = [],
  options: IssueOptions = {},
  listener: Pick<Listener, 'password' | 'progress'> = {},
): Promise<IssueResult> {
  const { issue } = await import('../commands/issue.ts');
  const wanted = checked(options, {
    ...leafSpec,
    ...{ ca: 'text', out: 'text', certFile: 'text', keyFile: 'text', force: 'boolean' },
    ...{ format: 'list', legacy: 'boolean', alias: 'text', password: 'text' },
    ...{ add: 'list', remove: 'list', again: 'boolean' },
  });
  const ask = fileAsker(listener);
  return issue(await context(listener, wanted.ca), textsOf(names, 'names'), wanted, ask);
}

/**
 * A new certificate and key in memory, for a server in this process:
 * `const { cert, key } = await certificateFor(['localhost']); https.createServer({ cert, key })`.
 * Writes no file, unless there is no authority yet: then it makes one, but not where `NODE_ENV` is `production`, as
 * in a build. Touches no trust store. `ca` is
 * the root for clients; a server given it would take it for the authority of its clients' certificates.
 *
 * Where the authority's key is protected, a valid pair in `.devcert` of the current folder is used instead,
 * so that nobody is asked.
 *
 * @param names DNS names and IP addresses; `localhost` if there are none.
 * @param listener its `password` is asked for the passphrase of the authority's key, if something is signed.
 * @throws DevcertError `invalid-name`, `outside-constraints`, `usage`, `file`, `invalid-authority`,
 *   `expired`, `refused`, `busy`, `password`, `agent`.
 */
export async function certificateFor(
  names: string | readonly string[] = [],
  options: LeafOptions & AuthorityOption = {},
  listener: Pick<Listener, 'password'> = {},
): Promise<ServerCertificate> {
  const { certificateFor } = await import('../commands/certificate.ts');
  const wanted = checked(options, { ...leafSpec, ca: 'text' });
  const here = await quietContext(listener, wanted.ca);
  return certificateFor(here, textsOf(names, 'names'), wanted);
}

/**
 * Writes a certificate with its key (or with `trust` the root alone) in another format beside it:
 * PKCS#12, JKS, DER, PEM. Files that are there and still fit stay.
 *
 * @throws DevcertError `usage`, `file`, `invalid-input`, `password`, `no-authority`,
 *   `invalid-authority`, `busy`, `refused`.
 */
export async function exportCertificate(
  options: ExportOptions,
  listener: Pick<Listener, 'password' | 'progress'> = {},
): Promise<ExportResult> {
  const { exportCertificate } = await import('../commands/export.ts');
  const wanted = checked(options, {
    ...{ ca: 'text', format: 'text', trust: 'boolean', withPublicRoots: 'boolean' },
    ...{ legacy: 'boolean', encrypt: 'boolean', alias: 'text', password: 'text', force: 'boolean' },
    ...{ dir: 'text', certFile: 'text', keyFile: 'text', out: 'text', file: 'text' },
  });
  const ask = fileAsker(listener);
  return exportCertificate(await context({}, wanted.ca), wanted, ask);
}

/**
 * Writes a key and a CSR for the names (`.devcert/csr/key.pem` and `csr.pem` in the current folder unless
 * `options` say otherwise), for any authority to sign. A key that is there is used, never replaced without
 * `force`. Needs and makes no authority.
 *
 * @param names `localhost` if there are none.
 * @throws DevcertError `invalid-name`, `usage`, `file`, `password`, `invalid-input`, `weak-key`, `refused`.
 */
export async function csr(
  names: string | readonly string[] = [],
  options: CsrOptions = {},
): Promise<CsrResult> {
  const { csr } = await import('../commands/csr.ts');
  return csr(await projectContext({}), textsOf(names, 'names'), checked(options, csrSpec));
}

/**
 * Signs a CSR: its key and its names are granted, and a client's common name; everything else is dropped
 * and listed in `dropped`. Written beside the CSR's file unless `options` say otherwise; for a CSR in memory
 * without them nothing is written.
 *
 * @param csr the path of a file, or what is in one: PEM or DER.
 * @throws DevcertError `invalid-input`, `weak-key`, `invalid-name`, `outside-constraints`, `refused`, `usage`,
 *   `file`, `invalid-authority`, `expired`, `busy`, `password`, `agent`: nothing was signed
 *   then.
 */
export async function sign(
  csr: string | Uint8Array,
  options: SignOptions = {},
  listener: Pick<Listener, 'password' | 'progress'> = {},
): Promise<SignResult> {
  const { sign } = await import('../commands/sign.ts');
  const wanted = checked(options, {
    ...{ ca: 'text', client: 'boolean', peer: 'boolean', days: 'days' },
    ...{ out: 'text', certFile: 'text', force: 'boolean' },
  });
  const here = await context(listener, wanted.ca);
  if (typeof csr !== 'string' && !isUint8Array(csr)) throw wrongType('the CSR', 'a path or bytes');
  return sign(here, csr, wanted);
}

/**
 * What files of certificates, keys, CSRs or whole stores hold, in any format, and what is wrong with them.
 * Changes nothing, and makes no authority.
 *
 * @param sources paths, `HOST:PORT` or a URL for what a server sends, or bytes with a name for them; the pair in
 *   `.devcert` if there are none.
 * @returns data whose texts come from the files: they may hold any character.
 * @throws DevcertError `file`, `usage`, `invalid-input`, `password` if the one in `options` is wrong.
 */
export async function inspect(
  sources: string | readonly InspectSource[] = [],
  options: InspectOptions = {},
): Promise<InspectResult> {
  const { inspect, withServers } = await import('../commands/inspect.ts');
  const here = await context({});
  const known = await withServers(here, sourcesOf(sources));
  return inspect(here, known, checked(options, { password: 'text', keyPassword: 'text' }));
}

/** Every recipe there is for {@link recipe}. */
export async function recipes(): Promise<RecipeSummary[]> {
  const { recipes } = await import('../commands/recipe.ts');
  return recipes();
}

/**
 * Complete configuration for a server or framework, with the real paths of the files in a
 * folder (`.devcert` in the current one unless `options` say otherwise). Writes nothing.
 *
 * Files there that say whom to trust and are not devcert's are named in `notes`.
 *
 * @param name one of {@link recipes}.
 * @throws DevcertError `usage`, `file`, `invalid-input`, `refused`.
 */
export async function recipe(name: string, options: RecipeOptions = {}): Promise<RecipeResult> {
  const { recipe } = await import('../commands/recipe.ts');
  const here = await context({});
  const wanted = { dir: 'text', clientCerts: 'boolean', caFile: 'text' } as const;
  return recipe(here, textOf(name, 'the name'), checked(options, wanted));
}

/** What asks for the password of a file that is about to be written. */
function fileAsker(listener: Listener): ((what: string) => Promise<string>) | undefined {
  const ask = listenerOf(listener).password?.bind(listener);
  return ask === undefined ? undefined : (what) => ask(what, 'file');
}

function sourcesOf(sources: unknown): readonly InspectSource[] {
  if (typeof sources === 'string') return [sources];
  const isSource = (it: unknown) =>
    typeof it === 'string' ||
    (isObject(it) && isUint8Array(it.bytes) && typeof it.name === 'string');
  if (Array.isArray(sources) && sources.every(isSource)) return sources as InspectSource[];
  throw wrongType('the sources', 'paths, or bytes with a name');
}
