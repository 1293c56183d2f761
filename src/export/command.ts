/** What is typed to make an export again. */
import { dirname, join } from 'node:path';
import { quoteForPosix } from '../../platform/quote.ts';
import type { ExportedCertificate } from '../ledger/ledger.ts';

/**
 * `devcert export …` with the options that the ledger keeps.
 *
 * @param ca name of the authority; undefined or `default` for the default one.
 */
export function exportCommand(
  options: NonNullable<ExportedCertificate['options']>,
  ca: string | undefined,
): string {
  const { certFile, keyFile, out, ...others } = options;
  const words = Object.entries(others).flatMap(([option, value]) => {
    if (option === 'password') return ['--no-password'];
    const flag = `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return value === true ? [flag] : [flag, quoted(String(value))];
  });
  if (typeof certFile === 'string' && typeof keyFile === 'string') {
    const folder = dirname(certFile);
    const isOwn = certFile === join(folder, 'cert.pem') && keyFile === join(folder, 'key.pem');
    if (isOwn) words.push('--dir', quoted(folder));
    else words.push('--cert-file', quoted(certFile), '--key-file', quoted(keyFile));
    if (out !== undefined && out !== folder) words.push('--out', quoted(String(out)));
  } else if (out !== undefined) words.push('--out', quoted(String(out)));
  if (ca !== undefined && ca !== 'default') words.push('--ca', ca);
  return ['devcert export', ...words].join(' ');
}

/** For any shell, as far as one way of quoting goes; what only a POSIX shell expands is kept from it. */
function quoted(word: string): string {
  const forPosix = quoteForPosix(word);
  return forPosix === word || /[$`"]|\\\\/.test(word) ? forPosix : `"${word}"`;
}
