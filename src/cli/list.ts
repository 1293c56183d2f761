/** `devcert list` */
import { dirname } from 'node:path';
import type { CertificateState, ListedBroken, ListedCertificate } from '../commands/list.ts';
import type { ServedOld } from '../commands/served.ts';
import { EXIT, printable } from '../errors.ts';
import { list } from '../index.ts';
import type { Declaration } from './declaration.ts';
import { date, counted } from './lines.ts';
import type { Style } from './terminal.ts';

export const listCommand: Declaration = {
  summary: 'list the certificates that were issued, and how each of them is now',
  description:
    'Lists every certificate that devcert issued for you on this machine: valid, due, expired, or gone, and which of your servers here still sends an earlier one. Exit code 5 if one is due or has expired.',
  async run(_positionals, _options, terminal) {
    const result = await list();
    const { certificates, broken } = result;
    const { style } = terminal;
    const lines = [...listLines(certificates, style), ...brokenLines(broken, style)];
    const due = certificates.filter(({ state }) => DUE.includes(state));
    const exitCode = terminal.show(lines, result, due.length > 0 ? EXIT.expired : EXIT.done);
    if (due.length > 0) terminal.note(`${due.length} to renew: devcert renew --all`);
    if (certificates.some(({ servedOld }) => servedOld.length > 0))
      terminal.note('a server reads its certificate when it starts: restart or reload it');
    return exitCode;
  },
};

const DUE: readonly CertificateState[] = ['soon', 'expired', 'orphaned'];

/** A line for each: state, end, names, file. */
export function listLines(certificates: readonly ListedCertificate[], style: Style): string[] {
  if (certificates.length === 0) return ['No certificate was issued yet: devcert localhost'];
  const rows = certificates.map((it) => [stateText(it), date(it.notAfter), it.names.join(', ')]);
  const width = Math.max(...rows.map(([state = '']) => state.length));
  return certificates.flatMap(({ state, certFile, ca, servedOld }, index) => {
    const [text = '', end = '', names = ''] = rows[index] ?? [];
    const painted = state === 'valid' ? style.good : DUE.includes(state) ? style.bad : style.dim;
    const of = ca === 'default' ? '' : `, of the CA ${printable(ca)}`;
    return [
      `${painted(text.padEnd(width))}  ${end}  ${printable(names)}`,
      `${' '.repeat(width)}  ${style.dim(`${printable(certFile)}${of}`)}`,
      ...servedOld.map(
        (it) =>
          `${' '.repeat(width)}  ${style.bad(`served on port ${it.port} still old${whose(it)}`)}`,
      ),
    ];
  });
}

function whose({ process }: ServedOld): string {
  return process === undefined ? '' : ` (${printable(process.name)}, process ${process.pid})`;
}

/** Those that are broken on purpose, which are no list of faults. */
function brokenLines(broken: readonly ListedBroken[], style: Style): string[] {
  if (broken.length === 0) return [];
  return [
    'Broken on purpose, for tests:',
    ...broken.flatMap((it) => [
      `  ${it.broken}  ${printable(it.names.join(', '))}`,
      `    ${style.dim(printable(dirname(it.files[0] ?? '')))}`,
    ]),
  ];
}

function stateText({ state, daysLeft }: ListedCertificate): string {
  const days = counted(daysLeft, 'day');
  const words: Record<CertificateState, string> = {
    ...{ valid: days, soon: days },
    expired: 'expired',
    gone: 'file is gone',
    changed: 'replaced',
    orphaned: 'of an old CA',
  };
  return words[state];
}
