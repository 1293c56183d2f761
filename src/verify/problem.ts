/** Problems of a verification. Pure. */
import { formatText, type Text } from '../errors.ts';
import type { StepName, VerifyCode, VerifyProblem } from './types.ts';

/** One thing that is wrong, with its cure in words. */
export function problem(
  code: VerifyCode,
  step: StepName,
  message: string,
  fix: Text,
  severity: VerifyProblem['severity'] = 'error',
): VerifyProblem {
  return { code, severity, step, message, fix: formatText(fix) };
}

/** Names in a command that is to be typed: it has to be whole. */
export const MOST_NAMES = 12;
