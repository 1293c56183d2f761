/** The certificates of a store of Windows as the registry holds them: certutil.exe lists in every language. */
import { authoritiesIn } from './pem.ts';
import type { Command, Host } from './types.ts';

/** Prints every root that was put into the store itself; fails if there never was one. */
export function rootsCommand(reg: string, scope: 'user' | 'machine'): Command {
  const hive = scope === 'user' ? 'HKCU' : 'HKLM';
  const key = `${hive}\\SOFTWARE\\Microsoft\\SystemCertificates\\Root\\Certificates`;
  return { file: reg, args: ['query', key, '/s'] };
}

/** DER of the authorities of an organization in the user's or the machine's own store. */
export async function listAuthorities(
  reg: string,
  scope: 'user' | 'machine',
  organization: string,
  host: Pick<Host, 'run'>,
): Promise<Buffer[]> {
  const { exitCode, stdout } = await host.run(rootsCommand(reg, scope));
  if (exitCode !== 0) return [];
  const blobs = stdout.matchAll(/^\s+Blob\s+REG_BINARY\s+([0-9A-F]+)\s*$/gim);
  const bodies = Array.from(blobs, ([, hex = '']) => certificateIn(Buffer.from(hex, 'hex')));
  return authoritiesIn(
    bodies.flatMap((der) => der?.toString('base64') ?? []),
    organization,
  );
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
