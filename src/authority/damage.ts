/** What to say of an authority whose files are damaged or do not fit each other. */
import { DevcertError, say, type Step, type Text } from '../errors.ts';
import { authorityNameOf } from './marker.ts';

/** A file of the authority in a folder is not what it should be. */
export function invalid(message: string, folder: string, cause?: unknown): DevcertError {
  return new DevcertError('invalid-authority', message, {
    hint: say`put the right file back, or start over: ${startAnew(folder)}`,
    cause,
  });
}

/** What to type where the authority in a folder is beyond repair. */
export function startAnew(folder: string): Text {
  const ca = authorityNameOf(folder);
  const make: Step =
    ca === undefined ? { command: 'install' } : { command: 'ca create', names: ca };
  return say`${{ command: 'uninstall', purge: true, ca }} && ${make}`;
}
