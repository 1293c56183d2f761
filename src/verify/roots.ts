/** The roots that a verification trusts, each choice of them fail-closed: what cannot be read is an error. */
import { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import type { Host } from '../../platform/types.ts';
import { bundleFiles } from '../../platform/linux-layouts.ts';
import { readIfThere } from '../disk/files.ts';
import { DevcertError, say } from '../errors.ts';
import { parseCertificate } from '../keystore/entries.ts';
import { readKeyStore } from '../keystore/read.ts';
import { MAX_STORE_BYTES } from '../policy.ts';

/** Whose word is taken. */
export interface Roots {
  /** `devcert`, `system`, or the file as it was named. */
  readonly label: string;
  readonly certificates: readonly X509Certificate[];
}

/** All certificates of a file. @throws DevcertError `file`, `invalid-input`, also for a file without any. */
export function rootsInFile(file: string, cwd: string): Roots {
  const path = resolve(cwd, file);
  const certificates = certificatesIn(path);
  if (certificates === undefined)
    throw new DevcertError('file', `there is no file of roots "${path}"`, {
      hint: say`give a file of certificates, PEM: ${{ roots: 'FILE' }}`,
    });
  if (certificates.length === 0)
    throw new DevcertError('invalid-input', `there is no certificate in "${path}"`, {
      hint: say`give a file of certificates, PEM: ${{ roots: 'FILE' }}`,
    });
  return { label: file, certificates };
}

/** What this machine's system trusts. @throws DevcertError `file` if that cannot be told here. */
export async function systemRoots(host: Host): Promise<Roots> {
  for (const bundle of bundleFiles(host)) {
    const certificates = certificatesIn(bundle);
    if (certificates !== undefined && certificates.length > 0)
      return { label: 'system', certificates };
  }
  if (host.platform === 'darwin' || host.platform === 'win32') {
    const pems = await nodesSystemRoots();
    if (pems !== undefined && pems.length > 0)
      return { label: 'system', certificates: pems.map((pem) => new X509Certificate(pem)) };
  }
  throw new DevcertError('file', "cannot read the system's roots here", {
    hint: say`run devcert with Node 22.15 or newer, or give a file: ${{ roots: 'FILE' }}`,
  });
}

/** Node 22.15 and newer ask the system itself; older ones cannot. */
async function nodesSystemRoots(): Promise<readonly string[] | undefined> {
  const { default: tls } = await import('node:tls');
  const ask: unknown = Reflect.get(tls, 'getCACertificates');
  return typeof ask === 'function'
    ? (ask as (kind: string) => readonly string[])('system')
    : undefined;
}

/** Undefined if there is no such file. */
function certificatesIn(path: string): X509Certificate[] | undefined {
  const bytes = readIfThere(path, { maxBytes: MAX_STORE_BYTES });
  if (bytes === undefined) return undefined;
  return readKeyStore(bytes).entries.flatMap(({ certificates }) =>
    certificates.map((der) => parseCertificate(der)),
  );
}
