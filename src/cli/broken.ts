/** `devcert NAMES --broken KIND` and `--expired`: what `devcert NAMES` does not load. */
import { join } from 'node:path';
import { DevcertError, formatText, printable } from '../errors.ts';
import {
  brokenFiles,
  type BrokenFilesOptions,
  type BrokenFilesResult,
} from '../testing/broken-files.ts';
import { date, table } from './lines.ts';
import type { Style, Terminal } from './terminal.ts';

/** Options that go with it; every other one is for certificates that are to be trusted. */
const TAKEN = ['broken', 'expired', 'client', 'peer', 'cn', 'out', 'force', 'json'];

/** @throws DevcertError `usage` for other options, and those of {@link brokenFiles}. */
export async function runBroken(
  names: readonly string[],
  options: Omit<BrokenFilesOptions, 'broken'> & { broken?: string; expired?: boolean },
  terminal: Terminal,
): Promise<number> {
  const { expired = false, broken = 'expired', client, peer, cn, out, force } = options;
  if (expired && broken !== 'expired')
    throw new DevcertError(
      'usage',
      `--expired and --broken ${broken.slice(0, 40)} exclude each other`,
      {
        hint: 'exactly one thing is wrong with a certificate: run it once for each',
      },
    );
  // An option with a negation, as --no-password, is there as true where nobody typed it.
  const typed = Object.entries(options).filter(
    ([it, value]) => it !== 'password' || value !== true,
  );
  const [other] = typed.find(([it]) => !TAKEN.includes(it)) ?? [];
  if (other !== undefined)
    throw new DevcertError('usage', `${formatText({ [other]: true })} does not go with --broken`, {
      hint: `with it go ${TAKEN.filter((it) => it !== 'expired' && it !== 'broken')
        .map((it) => `--${it}`)
        .join(', ')}`,
    });
  const result = await brokenFiles(names, { broken, client, peer, cn, out, force });
  return terminal.show(brokenLines(result, terminal.style), result);
}

function brokenLines(result: BrokenFilesResult, style: Style): string[] {
  const { broken, names, folder, certFile, keyFile, caFile, crlFile, notBefore, notAfter } = result;
  const rows = [
    ['certificate', certFile],
    ['private key', keyFile],
    ['root, for the test alone', caFile],
    ...(crlFile === undefined ? [] : [['revoked, by its CA', crlFile]]),
  ].map(([what = '', path = '']) => [what, printable(path)]);
  const dates =
    broken === 'expired' || broken === 'not-yet-valid'
      ? [`It is valid from ${date(notBefore)} until ${date(notAfter)}`]
      : [];
  return [
    `Made a certificate for ${names.join(', ')} that is broken on purpose: ${broken}`,
    ...table(rows, style),
    ...dates,
    `Its CA was made for it alone, and its key is thrown away: trust ca.pem in the test, nowhere else`,
    `What clients say of it: ${printable(join(folder, 'README.md'))}`,
  ];
}
