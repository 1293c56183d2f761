/** Firefox on macOS: its profiles, and the policies of property lists and of where it is installed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { firefoxReports } from './firefox.ts';
import {
  found,
  policiesOfInstallation,
  policyInPropertyList,
  type FirefoxPolicy,
} from './firefox-policies.ts';
import type { Host, StoreFinder } from './types.ts';

/** A report where Firefox does not read the roots of macOS. */
export const firefoxOnMacos: StoreFinder = {
  kind: 'nss',
  platforms: ['darwin'],
  find: (host) =>
    host.home !== undefined
      ? firefoxReports(join(host.home, 'Library/Application Support/Firefox'), () => policies(host))
      : Promise.resolve([]),
};

/** Property lists before files; what a management system gave before what is there by itself. */
async function policies({ home = '', user, sysroot, run }: Host): Promise<FirefoxPolicy[]> {
  const lists = [
    join(sysroot, 'Library/Managed Preferences', user, LIST),
    join(sysroot, 'Library/Managed Preferences', LIST),
    join(home, 'Library/Preferences', LIST),
    join(sysroot, 'Library/Preferences', LIST),
  ];
  const listed: FirefoxPolicy[] = [];
  for (const list of lists.filter((file) => existsSync(file))) {
    // It is binary as a rule.
    const toXml = ['-convert', 'xml1', '-o', '-', '--', list];
    const { exitCode, stdout } = await run({ file: '/usr/bin/plutil', args: toXml });
    if (exitCode === 0) listed.push(...found(policyInPropertyList(stdout), list));
  }
  const applications = [join(sysroot, 'Applications'), join(home, 'Applications')];
  const folders = applications.flatMap((folder) =>
    editions.map((edition) => join(folder, `${edition}.app`, 'Contents/Resources')),
  );
  return [...listed, ...folders.flatMap(policiesOfInstallation)];
}

const LIST = 'org.mozilla.firefox.plist';
const editions = ['Firefox', 'Firefox Developer Edition', 'Firefox Nightly'];
