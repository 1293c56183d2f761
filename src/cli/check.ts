/** `devcert check` */
import type { CheckOptions, CheckResult } from '../doctor/check.ts';
import { EXIT, printable } from '../errors.ts';
import { check } from '../index.ts';
import { type Declaration, storeOptions } from './declaration.ts';
import { findingLines } from './finding-lines.ts';
import { date } from './lines.ts';
import type { Style } from './terminal.ts';

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
