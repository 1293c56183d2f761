/** The project file, as a function. */
import { checked, textsOf } from './arguments.ts';
import type { InitOptions, InitResult } from '../commands/init.ts';
import { projectContext } from './composition.ts';

/**
 * Writes the project file of the current folder, from which a bare `devcert` takes its names: `"devcert"` in
 * package.json, else devcert.json. One that is there already is left as it is.
 *
 * @param names none: those of the certificate that is there, else `localhost` and NAME.test after the folder.
 * @throws DevcertError `usage`, `invalid-name`, `invalid-input` for a package.json that is no JSON, `file`, `refused`.
 */
export async function init(
  names: string | readonly string[] = [],
  options: InitOptions = {},
): Promise<InitResult> {
  const { init } = await import('../commands/init.ts');
  const wanted = checked(options, { dryRun: 'boolean', force: 'boolean', script: 'boolean' });
  return init(await projectContext({}), textsOf(names, 'names'), wanted);
}
