/** What a file is, by what it holds. Pure. */
import type { Pkcs12Protection } from '../keystore/pkcs12-protection.ts';
import { roleOf } from './problems.ts';
import type { FileKind, InspectedFile } from './types.ts';

/** @param protection of a PKCS#12, which tells something even where the contents are locked. */
export function kindOf(
  file: Omit<InspectedFile, 'problems' | 'notes' | 'kind'>,
  protection: Pkcs12Protection | undefined,
): FileKind {
  const { format, certificates, keys, chain } = file;
  if (format === 'pkcs12' || format === 'jks') {
    if (keys.length > 0 || (protection?.keys.length ?? 0) > 0) return 'key-store';
    const hasCertificates = certificates.length > 0 || (protection?.certificates.length ?? 0) > 0;
    if (hasCertificates) return 'trust-store';
    return file.others.length > 0 ? 'other' : 'empty';
  }
  if (keys.length > 0) return certificates.length > 0 ? 'key-and-certificate' : 'key';
  if (certificates.length === 1) return 'certificate';
  if (certificates.length > 1) {
    if (chain !== undefined) return 'chain';
    // Intermediates alone are sent by servers: trust starts at a root.
    const areAnchors =
      certificates.every((it) => roleOf(it) === 'anchor') &&
      certificates.some(({ isSelfSigned }) => isSelfSigned);
    return areAnchors ? 'trust-store' : 'certificates';
  }
  if (file.csrs.length > 0) return 'csr';
  if (file.crls.length > 0) return 'crl';
  if (file.publicKeys.length > 0) return 'public-key';
  return file.others.length > 0 ? 'other' : 'empty';
}
