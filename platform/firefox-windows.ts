/** Firefox on Windows: its profiles, and the policies of the registry and of where it is installed. */
import { join } from 'node:path';
import { firefoxReports } from './firefox.ts';
import {
  found,
  policiesOfInstallation,
  policyInRegistry,
  type FirefoxPolicy,
} from './firefox-policies.ts';
import type { Host, StoreFinder } from './types.ts';
import { readRegistry, windowsProgram } from './windows-programs.ts';

/** A report where Firefox does not read the roots of Windows. */
export const firefoxOnWindows: StoreFinder = {
  kind: 'nss',
  platforms: ['win32'],
  find: (host) => firefoxReports(below(host.env.APPDATA, 'Mozilla/Firefox'), () => policies(host)),
};

/** The registry before files, and in it the machine's before the user's: so Firefox has it. */
async function policies({ env, run }: Host): Promise<FirefoxPolicy[]> {
  const registry: FirefoxPolicy[] = [];
  for (const hive of ['HKLM', 'HKCU']) {
    const key = `${hive}\\SOFTWARE\\Policies\\Mozilla\\Firefox`;
    const said = await readRegistry(run, windowsProgram(env, 'reg.exe'), key, '/s');
    if (said !== undefined) registry.push(...found(policyInRegistry(said), key));
  }
  const places = [env.ProgramFiles, env['ProgramFiles(x86)'], env.LOCALAPPDATA];
  const folders = places.flatMap((place) => editions.map((edition) => below(place, edition)));
  return [
    ...registry,
    ...folders.flatMap((folder) => (folder === undefined ? [] : policiesOfInstallation(folder))),
  ];
}

const editions = ['Mozilla Firefox', 'Firefox Developer Edition', 'Firefox Nightly'];

function below(folder: string | undefined, path: string): string | undefined {
  return folder === undefined || folder === '' ? undefined : join(folder, path);
}
