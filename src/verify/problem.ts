/** Problems of a verification. Pure. */
import { formatText, type Text } from '../errors.ts';
import { type VerifyCode, verifyCodes } from './codes.ts';
import type { VerifyProblem } from './types.ts';

/** One thing that is wrong, with its cure in words: an error of its own step, unless more is said. */
export function problem(
  code: VerifyCode,
  message: string,
  fix: Text,
  more: Partial<Pick<VerifyProblem, 'severity' | 'step' | 'certificate'>> = {},
): VerifyProblem {
  const { step = 'chain' } = verifyCodes[code];
  return { code, severity: 'error', step, message, fix: formatText(fix), ...more };
}

/** Names in a command that is to be typed: it has to be whole. */
export const MOST_NAMES = 12;
