/**
 * The one fault of wine that would make tests fail by luck: the crypt32 of wine 8 takes an ECDSA signature
 * for invalid if its r or s happens to be shorter than 32 bytes, 1 in 128 of them, because its
 * CNG_PrepareSignatureECC does not pad them on the left. Windows does. `test/real/windows.test.ts` records
 * the fault; when that fails because wine pads, too, this file can go.
 */
import { X509Certificate } from 'node:crypto';
import { decodePem } from '../../src/keystore/pem.ts';
import { fieldsOf, readElement, TAG } from '../../src/x509/asn1.ts';
import { decodeBits, decodeIntegerBytes } from '../../src/x509/asn1-values.ts';

/** P-256: r and s are numbers of so many bytes (RFC 3279 2.2.3). */
const LENGTH = 32;
/** Three certificates are bad 1 in 43 times: so often in a row, and something else is wrong. */
const ATTEMPTS = 50;

/** True if r and s of the signatures of all certificates in the PEM text, made with P-256, are 32 bytes. */
export function wineCanRead(pem: string): boolean {
  const certificates = decodePem(pem).filter(({ label }) => label === 'CERTIFICATE');
  if (certificates.length === 0) throw new Error('no certificate');
  return certificates.every(({ der }) => shortestOf(new X509Certificate(der)) === LENGTH);
}

/**
 * Makes certificates until wine can read them all.
 *
 * @param make makes them anew in the place of those of the attempt before, and returns them, PEM.
 * @returns the last that it made.
 */
export async function untilWineReads(
  make: (attempt: number) => string | Promise<string>,
): Promise<string> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const pem = await make(attempt);
    if (wineCanRead(pem)) return pem;
  }
  throw new Error(`in ${ATTEMPTS} attempts no certificate that wine can read was made`);
}

/** The bytes of the shorter one of r and s, without leading zeros. */
function shortestOf({ raw }: X509Certificate): number {
  const fields = fieldsOf(readElement(raw));
  fields.next(TAG.sequence);
  fields.next(TAG.sequence);
  const numbers = fieldsOf(readElement(decodeBits(fields.next()).bytes));
  const lengths = [numbers.next(), numbers.next()].map((it) => {
    const bytes = decodeIntegerBytes(it);
    return bytes[0] === 0 ? bytes.length - 1 : bytes.length;
  });
  return Math.min(...lengths);
}
