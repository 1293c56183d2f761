/** Whom a recipe would trust that is not devcert's: a repository can bring such files along. */
import { X509Certificate } from 'node:crypto';
import { authorityCertificates } from '../authority/certificates.ts';
import { printable, worded } from '../errors.ts';
import { decodePem } from '../keystore/pem.ts';
import { findEntries, isRecorded } from '../ledger/ledger.ts';
import { readIfThere } from '../disk/files.ts';

/**
 * A line for each file that says whom to trust and that devcert neither wrote here nor fills with its own
 * roots. Files that are missing are passed over.
 *
 * @param files absolute paths.
 */
export function foreignTrust(stateFolder: string, files: readonly string[]): string[] {
  const entries = findEntries(stateFolder, files);
  const own = new Set(authorityCertificates(stateFolder).map(({ root }) => root.fingerprint256));
  return [...new Set(files)].flatMap((file) => {
    const bytes = readIfThere(file, { maxBytes: MAX_BYTES });
    if (bytes === undefined || isRecorded(entries, file, bytes)) return [];
    const trusted = certificatesIn(bytes);
    const strangers = trusted.filter(({ fingerprint256 }) => !own.has(fingerprint256));
    if (trusted.length > 0 && strangers.length === 0) return [];
    const [first] = strangers;
    const whom = first === undefined ? '' : `: ${printable(first.subject).replaceAll('\n', ', ')}`;
    const more = strangers.length > 1 ? ` and ${strangers.length - 1} more` : '';
    return [
      worded`"${printable(file)}" is not devcert's, and decides who is trusted${whom}${more}; see it: ${{ command: 'inspect' }}`,
    ];
  });
}

/** As large as what {@link https://curl.se/docs/caextract.html} has, several times. */
const MAX_BYTES = 4 * 1024 * 1024;

/** The certificates of a PEM file. Empty if one of them cannot be read: a server may take what is not read here. */
export function certificatesIn(bytes: Buffer): X509Certificate[] {
  try {
    return decodePem(bytes).map(({ der }) => new X509Certificate(der));
  } catch {
    return []; // then nothing vouches for the file, which is what the note says
  }
}
