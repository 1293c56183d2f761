/** The CSR in a file or pipe: PEM or DER. */
import { DevcertError, say } from '../errors.ts';
import { decodePem, isPem } from '../keystore/pem.ts';
import { MAX_CSR_BYTES } from '../policy.ts';

const labels = ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'];

/**
 * The DER of the one CSR in `bytes`.
 *
 * @throws DevcertError `invalid-input`.
 */
export function findCsr(bytes: Buffer): Buffer {
  if (bytes.length > MAX_CSR_BYTES)
    throw new DevcertError('invalid-input', `the CSR is larger than ${MAX_CSR_BYTES} bytes`, {
      hint: 'a CSR has a few thousand: see what the file is',
    });
  // The tag of a SEQUENCE. PEM may begin with the same character, a zero, as text in front of it.
  if (bytes[0] === 0x30 && !isPem(bytes)) return bytes;
  if (!isPem(bytes))
    throw new DevcertError('invalid-input', 'there is no CSR in it', {
      hint: say`give a PKCS#10 file, PEM or DER: ${{ command: 'csr', names: 'NAMES…' }} makes one`,
    });
  const blocks = decodePem(bytes);
  const [csr, ...more] = blocks.filter(({ label }) => labels.includes(label));
  if (csr !== undefined && more.length === 0) return csr.der;
  const found = [...new Set(blocks.map(({ label }) => `"${label}"`))].slice(0, 5).join(', ');
  throw new DevcertError(
    'invalid-input',
    csr === undefined ? `there is no CSR in it, only ${found}` : 'there is more than one CSR in it',
    {
      hint: say`give one PKCS#10 file, PEM or DER: ${{ command: 'csr', names: 'NAMES…' }} makes one`,
    },
  );
}
