/** What is typed to make an export again. */
import { dirname, join } from 'node:path';
import { quoteForPosix } from '../../platform/quote.ts';
import type { Step } from '../errors.ts';
import type { ExportedCertificate } from '../ledger/ledger.ts';

/**
 * `devcert export …` with the options that the ledger keeps, as something to type.
 *
 * @param ca name of the authority; undefined or `default` for the default one.
 */
export function exportStep(
  { certFile, keyFile, out, ...others }: NonNullable<ExportedCertificate['options']>,
  ca: string | undefined,
): Step {
  const folder = typeof certFile === 'string' ? dirname(certFile) : '';
  const isPair = certFile !== undefined && keyFile !== undefined;
  const isOwn = certFile === join(folder, 'cert.pem') && keyFile === join(folder, 'key.pem');
  const source = isOwn ? { dir: folder } : { certFile, keyFile };
  const typed = {
    ...others,
    ...(isPair ? source : {}),
    out: isPair && out === folder ? undefined : out,
  };
  const options = Object.entries(typed).map(([option, value]) => {
    if (option === 'password') return [option, false]; // only an empty one is kept: there is none
    return [option, typeof value === 'string' ? quoted(value) : value];
  });
  return {
    command: 'export',
    ...(Object.fromEntries(options) as Step),
    ca: ca === 'default' ? undefined : ca,
  };
}

/** For any shell, as far as one way of quoting goes; what only a POSIX shell expands is kept from it. */
function quoted(word: string): string {
  const forPosix = quoteForPosix(word);
  return forPosix === word || /[$`"]|\\\\/.test(word) ? forPosix : `"${word}"`;
}
