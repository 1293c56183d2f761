/** A certificate for a server in this process: nothing is written, nothing remembered. */
import { canAsk } from '../authority/keeping.ts';
import { issueLeaf } from '../certificate/issue.ts';
import { outputPaths, readExisting } from '../certificate/output.ts';
import { isReusable } from '../certificate/reusable.ts';
import { type LeafOptions, parseLeafRequest } from '../names/request.ts';
import {
  assertNoBuild,
  type Context,
  ensureAuthorityFor,
  identity,
  refuseSudo,
} from './context.ts';

export interface ServerCertificate {
  /** The certificate, then the issuer: all that a server sends. PEM. */
  readonly cert: string;
  /** PKCS#8 PEM, not encrypted. Secret. */
  readonly key: string;
  /** The root, PEM: for clients that are to trust it (`https.get({ ca })`), not for the server itself. */
  readonly ca: string;
  readonly notAfter: Date;
}

/**
 * A new certificate and key for the names, in memory. The authority is made first if there is none;
 * the ledger does not list the certificate. No authority is made in a production build. Where the authority's key is protected, a pair in the project's
 * folder that is still good is taken instead, as issuing would ask somebody.
 *
 * @throws DevcertError `invalid-name`, `outside-constraints`, `usage`, `file`, `invalid-authority`,
 *   `expired`, `refused`, `busy`, `password`.
 */
export async function certificateFor(
  context: Context,
  names: readonly string[],
  options: LeafOptions = {},
): Promise<ServerCertificate> {
  const request = parseLeafRequest(names, options);
  refuseSudo(context);
  assertNoBuild(context);
  const now = context.host.now();
  const { authority } = await ensureAuthorityFor(context, request.names);
  const there = canAsk(authority.keeping) ? readExisting(outputPaths({}, context.cwd)) : undefined;
  const isGood = there?.keyText !== undefined && isReusable(there, authority, request, now);
  const leaf = isGood
    ? { ...there, certPem: there.certText ?? '', keyPem: there.keyText }
    : await issueLeaf(authority, request, identity(context), now, context.keys);
  return {
    ...{ cert: leaf.certPem, key: leaf.keyPem, ca: authority.rootPem },
    notAfter: new Date(leaf.certificate.validTo),
  };
}
