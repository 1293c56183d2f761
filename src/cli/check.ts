/** `devcert check` and `devcert doctor` */
import type { CheckOptions, CheckResult } from '../doctor/check.ts';
import type { DoctorResult } from '../doctor/doctor.ts';
import type { Finding } from '../doctor/finding.ts';
import { EXIT, printable } from '../errors.ts';
import { check, doctor } from '../index.ts';
import { type Declaration, storeOptions } from './declaration.ts';
import { date } from './lines.ts';
import type { Style } from './terminal.ts';
import { textWidth, wrap } from './wrap.ts';

export const checkCommand: Declaration = {
  summary: "check that this project's certificate is good and trusted here",
  description:
    'For a postinstall or predev script: one line if the certificate in .devcert is good and this machine trusts its CA, else what is wrong and what to type. Asks every store but those of Java, unless --stores names them. Exit code: 0 all is well, 3 no CA, 4 not trusted, 5 expired or due, 1 anything else.',
  options: storeOptions,
  examples: ['devcert check', 'devcert check || devcert install'],
  async run(_positionals, options: CheckOptions, terminal) {
    const result = await check(options);
    return terminal.show(checkLines(result, terminal.style), result, result.exitCode);
  },
};

/** One line if all is well; two for each thing that is not. */
export function checkLines(result: CheckResult, style: Style): string[] {
  const { names, notAfter, findings, stores, exitCode } = result;
  const told = findingLines(findings, style);
  if (exitCode !== EXIT.done || notAfter === undefined) return told;
  const asked = stores.filter(({ state }) => state === 'trusted').length;
  const where = `${asked} ${asked === 1 ? 'store' : 'stores'}`;
  return [
    ...told,
    `${style.good('good')}: ${printable(names.join(', '))}, until ${date(notAfter)}, trusted in ${where}`,
  ];
}

export const doctorCommand: Declaration = {
  summary: 'find out what is wrong on this machine, by trying it',
  description:
    'Asks every trust store, has each program that is found here open a page on a scratch port, and looks at names, dates, owners, variables and other development CAs. Changes nothing; takes some seconds. Exit code: 0 nothing is wrong, 3 no CA, 5 something expired or is due, 4 something does not trust the root, 1 anything else.',
  examples: ['devcert doctor', 'devcert doctor --json'],
  async run(_positionals, _options, terminal) {
    const result = await doctor(terminal);
    return terminal.show(doctorLines(result, terminal.style), result, result.exitCode);
  },
};

/** Two lines for each finding; then, if nothing is wrong, what was looked at. */
export function doctorLines({ findings, checked, exitCode }: DoctorResult, style: Style): string[] {
  const lines = findingLines(findings, style);
  if (exitCode !== EXIT.done) return lines;
  return [...lines, ...wrap(`Nothing is wrong. Looked at: ${checked.join(', ')}`)];
}

const INDENT = '  ';

/** Two for each: what is wrong, and what to type; at a terminal each of as many lines as it takes. */
export function findingLines(findings: readonly Finding[], style: Style): string[] {
  const width = textWidth(style) - INDENT.length;
  return findings.flatMap(({ problem, cure, exitCode }) => {
    const [word, paint] = exitCode === 0 ? ['note', style.dim] : ['wrong', style.bad];
    const [first = '', ...rest] = wrap(`${word}: ${printable(problem)}`, width);
    const [cured = '', ...more] = wrap(`try: ${printable(cure)}`, width - INDENT.length);
    return [
      paint(word) + first.slice(word.length),
      ...[...rest, cured].map((line) => INDENT + line),
      ...more.map((line) => INDENT + INDENT + line),
    ];
  });
}
