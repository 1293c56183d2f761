/** `devcert install --sealed`: an authority for one certificate, of which no key is left. */
import { type AuthorityPem, createAuthority } from '../authority/create.ts';
import { readAuthority, type Authority } from '../authority/authority.ts';
import { encodeKeeping, readKeeping } from '../authority/keeping.ts';
import { hasAuthority, loadAuthority } from '../authority/folder.ts';
import { isReusable, leafEnd } from '../certificate/reusable.ts';
import { issueLeaf, type Leaf } from '../certificate/issue.ts';
import { outputPaths, readExisting } from '../certificate/output.ts';
import { assertReplaceable } from '../certificate/replaceable.ts';
import { writeCertificate } from '../certificate/write.ts';
import type { WrittenLeaf } from '../certificate/written.ts';
import { DevcertError, say, type Step } from '../errors.ts';
import { assertWritable } from '../ledger/transaction.ts';
import { type Constraints, EVERY_ADDRESS } from '../names/constraints.ts';
import { parsePermit } from '../names/permit.ts';
import type { Name } from '../names/names.ts';
import { parseLeafRequest } from '../names/request.ts';
import { LEAF_DAYS } from '../policy.ts';
import { type Context, identity, recording, writing } from './context.ts';
import { madeMeanwhile, type Successor } from './replace.ts';

/** A sealed authority on its way. */
export interface Sealing extends Successor {
  readonly constraints: Constraints;
  /** Writes its certificate. After {@link Successor.make}. */
  issue(authority: Authority): Promise<WrittenLeaf>;
  /** What was written; undefined before. */
  written(): WrittenLeaf | undefined;
  /** True if the authority that is there is sealed for these names and its certificate is in place. */
  isInPlace(): Promise<boolean>;
}

/**
 * Checks names and paths; makes and writes nothing yet.
 *
 * @throws DevcertError `usage` without names, `invalid-name`, `refused` for a public suffix, `file` for what
 *   is in the certificate's place and not devcert's.
 */
export async function prepareSealing(
  context: Context,
  names: readonly string[],
  { out, force }: { readonly out?: string | undefined; readonly force?: boolean | undefined },
): Promise<Sealing> {
  const typed: Step = { command: 'install', sealed: true, ca: context.ca };
  if (names.length === 0)
    throw new DevcertError('usage', 'which names? A sealed CA never issues for others', {
      hint: { ...typed, names: ['localhost', 'api.test'] },
    });
  const now = context.host.now();
  const request = parseLeafRequest(names);
  const constraints = await constraintsFor(request.names, typed);
  const paths = outputPaths({ out }, context.cwd);
  if (force !== true) assertReplaceable(readExisting(paths), request, paths, recording(context));
  const { certFile, keyFile, followFolders = false } = paths;
  assertWritable([certFile, keyFile], followFolders);
  let made: { leaf: Leaf; rootPem: string } | undefined;
  let written: WrittenLeaf | undefined;
  return {
    constraints,
    make: async (): Promise<AuthorityPem> => {
      const notAfter = leafEnd(LEAF_DAYS, now);
      const options = { name: context.ca, usages: ['serverAuth'] as const, notAfter };
      const pem = await createAuthority(identity(context), constraints, now, options);
      // The one time that its key is used: it is in no file, and gone when this function returns.
      const authority = readAuthority(pem, 'memory');
      made = {
        leaf: await issueLeaf(authority, request, identity(context), now),
        rootPem: pem.root,
      };
      const keeping = { way: 'sealed', names: request.names.map(({ value }) => value) } as const;
      return { root: pem.root, issuer: pem.issuer, issuerKey: '', keeping: encodeKeeping(keeping) };
    },
    // Its leaf went with the run that was cut short.
    isSame: () => false,
    issue: async (authority) => {
      if (authority.rootPem !== made?.rootPem) throw madeMeanwhile();
      const { leaf } = made;
      const options = { force, leaf };
      written = await writeCertificate(writing(context, authority), request, paths, options);
      return written;
    },
    written: () => written,
    isInPlace: async () => {
      if (!hasAuthority(context.folder) || readKeeping(context.folder).way !== 'sealed')
        return false;
      const authority = await loadAuthority(context.folder);
      return force !== true && isReusable(readExisting(paths), authority, request, now);
    },
  };
}

/** These names and what constraints cannot distinguish from them: a DNS name permits all below it (RFC 5280 4.2.1.10). */
async function constraintsFor(names: readonly Name[], typed: Step): Promise<Constraints> {
  const domains = names.filter(({ type }) => type === 'dns').map(({ value }) => value);
  const dns = await Promise.all(domains.map((it) => baseOf(it.replace(/^\*\./, ''), typed)));
  const ip = names
    .filter(({ type }) => type === 'ip')
    .map(({ value }) => `${value}/${value.includes(':') ? 128 : 32}`);
  return {
    // An empty list would permit every name; `invalid` is nobody's (RFC 6761 6.4), and no client trips over it.
    dns: dns.length === 0 ? ['invalid'] : [...new Set(dns)],
    ip,
    ...(ip.length === 0 ? { excluded: { dns: [], ip: EVERY_ADDRESS } } : {}),
  };
}

async function baseOf(domain: string, typed: Step): Promise<string> {
  try {
    return await parsePermit(domain);
  } catch (cause) {
    if (!(cause instanceof DevcertError)) throw cause;
    const below = { ...typed, names: `my-company.${domain}` };
    throw new DevcertError(cause.code, cause.message, {
      hint: cause.code === 'refused' ? say`name what is yours below it: ${below}` : 'leave it out',
      cause,
    });
  }
}
