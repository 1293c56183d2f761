/** `devcert sign`: somebody's CSR → a certificate for its key. */
import { resolve } from 'node:path';
import { mendModes } from '../authority/folder.ts';
import { certify } from '../certificate/certify.ts';
import { findCsr } from '../certificate/csr-file.ts';
import { grantCsr, holdCommonName } from '../certificate/csr-policy.ts';
import { type OutputOptions, signedPaths } from '../certificate/output.ts';
import { writeCertificate } from '../certificate/write.ts';
import { describeCertificate, type WrittenCertificate } from '../certificate/written.ts';
import { certificateNotes } from '../certificate/notes.ts';
import { DevcertError, worded } from '../errors.ts';
import { readIfThere } from '../disk/files.ts';
import { keyTypeOf } from '../keys.ts';
import { type LeafOptions, parseDays } from '../names/request.ts';
import { readCsr } from '../x509/csr.ts';
import {
  type AuthorityOption,
  type Context,
  ensureAuthorityFor,
  identity,
  type MadeOnTheWay,
  refuseSudo,
  writing,
} from './context.ts';
import { MAX_CSR_BYTES } from '../policy.ts';

export interface SignOptions
  extends
    Pick<LeafOptions, 'client' | 'peer' | 'days'>,
    Omit<OutputOptions, 'keyFile'>,
    AuthorityOption {
  /** Sign even if a valid certificate is there, and over files that are not devcert's. */
  readonly force?: boolean;
}

export interface SignResult extends Omit<WrittenCertificate, 'certFile'>, MadeOnTheWay {
  /** The certificate, then the issuer: all that a server sends. */
  readonly certPem: string;
  /** Absent if nothing said where it should be written. */
  readonly certFile?: string;
  /** What the CSR asked for and did not get, one line each. */
  readonly dropped: readonly string[];
}

/**
 * Signs a CSR if its signature proves that its sender has the key, and the policy takes key and names.
 * Of what it asks for only the names are granted, and a client's common name.
 *
 * @param csr the path of a file, or what is in one: PEM or DER.
 * @throws DevcertError `invalid-input`, `weak-key`, `invalid-name`, `outside-constraints`, `refused`, and
 *   those of issuing: nothing was signed then.
 */
export async function sign(
  context: Context,
  csr: string | Uint8Array,
  options: SignOptions = {},
): Promise<SignResult> {
  const { host, folder, cwd } = context;
  const { out, certFile, force = false } = options;
  const file = typeof csr === 'string' ? resolve(cwd, csr) : undefined;
  const validityDays = options.days === undefined ? undefined : parseDays(options.days);
  const paths = signedPaths(file, { out, certFile }, cwd);
  const bytes = typeof csr === 'string' ? readCsrFile(resolve(cwd, csr)) : Buffer.from(csr);
  const wanted = grantCsr(readCsr(findCsr(bytes)), { ...options, validityDays });
  refuseSudo(context);
  const now = host.now();
  const { authority, created, made } = await ensureAuthorityFor(context, wanted.request.names);
  const modes = created ? [] : mendModes(folder);
  const { request, dropped } = holdCommonName(wanted, authority.constraints);
  let written: Omit<WrittenCertificate, 'certFile'>;
  let certPem: string;
  if (paths === undefined) {
    const leaf = await certify(authority, request, identity(context), now, context.keys);
    ({ certPem } = leaf);
    written = describeCertificate(leaf.certificate, true);
  } else {
    written = await writeCertificate(writing(context, authority), request, paths, { force });
    certPem = readIfThere(paths.certFile)?.toString() ?? '';
  }
  const notes = [
    ...modes,
    ...written.notes,
    ...certificateNotes(request, authority.constraints),
    ...keyNotes(keyTypeOf(request.publicKey)),
    ...(created ? [worded`nothing trusts it yet: ${{ command: 'install' }}`] : []),
  ];
  return { ...written, certPem, dropped, notes, authorityCreated: created, made };
}

function readCsrFile(path: string): Buffer {
  const bytes = readIfThere(path, { maxBytes: MAX_CSR_BYTES });
  if (bytes !== undefined) return bytes;
  throw new DevcertError('file', `there is no file "${path}"`, {
    hint: 'give the path of a CSR, or "-" for standard input',
  });
}

// Measured: who refuses a leaf with such a key.
function keyNotes(type: string): string[] {
  if (type === 'ed25519')
    return ['Chromium and Firefox refuse certificates with an Ed25519 key: use P-256'];
  if (type === 'p521')
    return ['Chromium and others refuse certificates with a P-521 key: use P-256'];
  return [];
}
