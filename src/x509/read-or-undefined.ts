/** What `read` gives, undefined for bytes that cannot be read. */
import { DevcertError } from '../errors.ts';

/** @throws what is no DevcertError: a bug. */
export function readOrUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DevcertError) return undefined;
    throw error;
  }
}
