/** Where devcert keeps its state: the one home of env-paths. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import envPaths from 'env-paths';
import { DevcertError } from './errors.ts';

/**
 * The state folder: `DEVCERT_HOME` if set, else this system's configuration folder for devcert
 * (`~/.config/devcert-nodejs` on Linux; the suffix keeps clear of another npm package's folder).
 * Nothing is created.
 *
 * @param env the environment; `DEVCERT_HOME` and `XDG_CONFIG_HOME` are read from it.
 * @throws DevcertError `usage` for a relative `DEVCERT_HOME`, `file` if there is no home folder.
 */
export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const override = env.DEVCERT_HOME;
  if (override !== undefined && override !== '') {
    if (isAbsolute(override)) return override;
    throw new DevcertError('usage', `DEVCERT_HOME is not an absolute path: "${override}"`, {
      hint: `export DEVCERT_HOME="$PWD/${override}"`,
    });
  }
  const { config } = envPaths('devcert');
  // The XDG specification has relative values ignored; env-paths follows them.
  if (isAbsolute(config)) return config;
  const home = homedir();
  if (isAbsolute(home)) return join(home, '.config', 'devcert-nodejs');
  throw new DevcertError('file', 'cannot find your home folder: HOME is not set', {
    hint: 'set HOME, or DEVCERT_HOME to an absolute folder',
  });
}
