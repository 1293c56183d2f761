/** Firefox on Windows: its profiles, and the policies of the registry and of where it is installed. */
import { join } from 'node:path';
import { firefoxReports } from './firefox.ts';
import {
  found,
  policiesOfInstallation,
  policyInRegistry,
  type FirefoxPolicy,
} from './firefox-policies.ts';
import type { Command, Host, StoreFinder } from './types.ts';
import { queryRegistry } from './windows-programs.ts';

/** A report where Firefox does not read the roots of Windows. */
export const firefoxOnWindows: StoreFinder = {
  kind: 'nss',
  platforms: ['win32'],
  find: (host) =>
    host.platform === 'win32'
      ? firefoxReports(below(host.env.APPDATA, 'Mozilla/Firefox'), () => policies(host))
      : Promise.resolve([]),
};

/** Prints every policy of Firefox below a hive; fails if there is none. */
export function policiesCommand({ env }: Pick<Host, 'env'>, hive: 'HKLM' | 'HKCU'): Command {
  return queryRegistry(env, [`${hive}\\${KEY}`, '/s']);
}

const KEY = 'SOFTWARE\\Policies\\Mozilla\\Firefox';

/** The registry before files, and in it the machine's before the user's: so Firefox has it. */
async function policies(host: Host): Promise<FirefoxPolicy[]> {
  const registry: FirefoxPolicy[] = [];
  for (const hive of ['HKLM', 'HKCU'] as const) {
    const { exitCode, stdout } = await host.run(policiesCommand(host, hive));
    if (exitCode === 0) registry.push(...found(policyInRegistry(stdout), `${hive}\\${KEY}`));
  }
  const { ProgramFiles, LOCALAPPDATA } = host.env;
  const places = [ProgramFiles, host.env['ProgramFiles(x86)'], LOCALAPPDATA];
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
