/** A certificate for a server in this process: nothing is written, nothing remembered. */
import { issueLeaf } from '../certificate/issue.ts';
import { type LeafOptions, parseLeafRequest } from '../names/request.ts';
import { type Context, ensureAuthorityFor, identity, refuseSudo } from './context.ts';

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
 * the ledger does not list the certificate.
 *
 * @throws DevcertError `invalid-name`, `outside-constraints`, `usage`, `file`, `invalid-authority`,
 *   `expired`, `refused`, `busy`.
 */
export async function certificateFor(
  context: Context,
  names: readonly string[],
  options: LeafOptions = {},
): Promise<ServerCertificate> {
  const request = parseLeafRequest(names, options);
  refuseSudo(context);
  const now = context.host.now();
  const { authority } = await ensureAuthorityFor(context, request.names, now);
  const leaf = await issueLeaf(authority, request, identity(context), now, context.keys);
  return {
    cert: leaf.certPem,
    key: leaf.keyPem,
    ca: authority.rootPem,
    notAfter: new Date(leaf.certificate.validTo),
  };
}
