/** The certificates of a store of Windows as the registry holds them: certutil.exe lists in every language. */
import { authoritiesIn } from './pem.ts';
import type { Runner } from './types.ts';
import { readRegistry } from './windows-programs.ts';

/** DER of the authorities of an organization that were put into the store of a hive itself: the user's or the machine's. */
export async function listAuthorities(
  { reg, run }: { readonly reg: string; readonly run: Runner },
  hive: string,
  organization: string,
): Promise<Buffer[]> {
  const key = `${hive}\\SOFTWARE\\Microsoft\\SystemCertificates\\Root\\Certificates`;
  // It fails if there never was one.
  const said = (await readRegistry(run, reg, key, '/s')) ?? '';
  const blobs = said.matchAll(/^\s+Blob\s+REG_BINARY\s+([0-9A-F]+)\s*$/gim);
  const certificates = Array.from(blobs, ([, hex = '']) => certificateIn(Buffer.from(hex, 'hex')));
  const bodies = certificates.flatMap((der) => der?.toString('base64') ?? []);
  return authoritiesIn(bodies, organization);
}

/** wincrypt.h: CERT_CERT_PROP_ID; each property is its id, 1, its length and its bytes. */
const CERTIFICATE = 32;

function certificateIn(blob: Buffer): Buffer | undefined {
  for (let at = 0; at + 12 <= blob.length;) {
    const [id, length] = [blob.readUInt32LE(at), blob.readUInt32LE(at + 8)];
    if (id === CERTIFICATE) return blob.subarray(at + 12, at + 12 + length);
    at += 12 + length;
  }
  return undefined; // its properties alone are there
}
