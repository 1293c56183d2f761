/** What `check` and `doctor` find wrong, as data. */
import { EXIT, formatText, type Text } from '../errors.ts';

/** One thing that is wrong, or worth to know. */
export interface Finding {
  /** Which check found it. */
  readonly check: string;
  /** What is wrong, one line. */
  readonly problem: string;
  /** What to type or do, one line. */
  readonly cure: string;
  /** 0 for what is worth to know and no fault of this machine's; else what it makes the command end with. */
  readonly exitCode: number;
}

/** What a finding makes the command end with. */
export type Weight = 'note' | 'trust' | 'expiry' | 'missing' | 'other';

const codes: Readonly<Record<Weight, number>> = {
  note: EXIT.done,
  trust: EXIT.notTrusted,
  expiry: EXIT.expired,
  missing: EXIT.noAuthority,
  other: EXIT.failed,
};

export function finding(check: string, weight: Weight, problem: Text, cure: Text): Finding {
  return { check, problem: formatText(problem), cure: formatText(cure), exitCode: codes[weight] };
}

/** As `status` ends: without an authority, past a day, not trusted; then whatever else is wrong. */
const worst: readonly number[] = [EXIT.noAuthority, EXIT.expired, EXIT.notTrusted, EXIT.failed];

export function exitCodeOf(findings: readonly Finding[]): number {
  return worst.find((code) => findings.some(({ exitCode }) => exitCode === code)) ?? EXIT.done;
}
