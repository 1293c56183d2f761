import { DevcertError } from '../../src/errors.ts';

/** The expected failure of an action. */
export function failure(action: () => unknown): DevcertError {
  try {
    action();
  } catch (error) {
    if (error instanceof DevcertError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
