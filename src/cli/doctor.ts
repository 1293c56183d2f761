/** `devcert doctor` */
import type { DoctorResult } from '../doctor/doctor.ts';
import { EXIT } from '../errors.ts';
import { doctor } from '../index.ts';
import type { Declaration } from './declaration.ts';
import { findingLines } from './finding-lines.ts';
import { wrap } from './wrap.ts';
import type { Style } from './terminal.ts';

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
