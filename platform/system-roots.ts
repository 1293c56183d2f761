/** The roots that this system trusts, as one PEM text: what a variable that replaces them has to repeat. */
import { join } from 'node:path';
import * as tls from 'node:tls';
import { bundleFiles } from './linux-layouts.ts';
import { textIn } from './look.ts';
import type { Host } from './types.ts';

/** Where programs of systems without a layout that devcert knows look: OpenSSL's and LibreSSL's own. */
const USUAL = ['/etc/ssl/certs/ca-certificates.crt', '/etc/ssl/cert.pem', '/etc/pki/tls/cert.pem'];

/** macOS has its own list in a file, without what its user added. */
const WITHOUT_FILE: ReadonlySet<NodeJS.Platform> = new Set(['darwin', 'win32']);

/**
 * The system's bundle; where there is no such file (macOS but for LibreSSL's, Windows) what Node says of the
 * system, and before Node 22.15, which cannot ask, Mozilla's list as Node brings it.
 */
export function systemRoots(host: Host): string {
  const usual = WITHOUT_FILE.has(host.platform) ? [] : USUAL;
  for (const file of [...bundleFiles(host), ...usual.map((it) => join(host.sysroot, it))]) {
    const text = textIn(file);
    if (text.includes('-----BEGIN')) return text;
  }
  const { getCACertificates } = tls as { getCACertificates?: (of: 'system') => string[] };
  return [...(getCACertificates?.('system') ?? []), ...tls.rootCertificates].join('\n');
}
