/** Policies of an administrator that keep Chromium and its kin from trusting what their user trusts. */
import { join } from 'node:path';
import { jsonIn, namesIn, textIn } from '../../platform/look.ts';
import { quoteForPosix } from '../../platform/quote.ts';
import type { Host } from '../../platform/types.ts';
import { readRegistry, windowsProgram } from '../../platform/windows-programs.ts';
import { isObject } from '../errors.ts';
import { finding, type Finding } from './finding.ts';
import type { Check } from './machine.ts';

export const policiesCheck: Check = {
  id: 'policies',
  about: 'policies of browsers',
  run: ({ context: { host } }) =>
    host.platform === 'win32' ? registryFindings(host) : policyFindings(host),
};

/** chromeenterprise.google/policies: false has it read neither the user's certificates nor the system's. */
const SWITCH = 'CAPlatformIntegrationEnabled';

/** Where each of them has its mandatory policies on Linux. */
const FOLDERS: readonly (readonly [browser: string, folder: string])[] = [
  ['Chromium', 'etc/chromium/policies/managed'],
  ['Chromium', 'etc/chromium-browser/policies/managed'],
  ['Chrome', 'etc/opt/chrome/policies/managed'],
  ['Edge', 'etc/opt/edge/policies/managed'],
  ['Brave', 'etc/brave/policies/managed'],
];

/** Below `SOFTWARE\Policies` of either hive, on Windows. */
const KEYS: readonly (readonly [browser: string, key: string])[] = [
  ['Chromium', 'Chromium'],
  ['Chrome', 'Google\\Chrome'],
  ['Edge', 'Microsoft\\Edge'],
  ['Brave', 'BraveSoftware\\Brave'],
];

async function registryFindings(host: Host): Promise<Finding[]> {
  const reg = windowsProgram(host.env, 'reg.exe');
  const places = KEYS.flatMap(([browser, key]) =>
    ['HKLM', 'HKCU'].map((hive) => ({ browser, key: `${hive}\\SOFTWARE\\Policies\\${key}` })),
  );
  const found = await Promise.all(
    places.map(async ({ browser, key }) => {
      const said = await readRegistry(host.run, reg, key, '/v', SWITCH);
      return said !== undefined && /\bREG_DWORD\s+0x0\s/.test(said)
        ? [policyFinding(browser, key, `reg delete "${key}" /v ${SWITCH} /f`)]
        : [];
    }),
  );
  return found.flat();
}

function policyFinding(browser: string, place: string, cure: string): Finding {
  const what = `a policy keeps ${browser} from trusting what its user trusts: ${SWITCH} in "${place}"`;
  return finding('policies', 'trust', what, cure);
}

/** Looks at files alone. */
export function policyFindings(host: Host): Finding[] {
  if (host.platform !== 'linux') return [];
  return FOLDERS.flatMap(([browser, folder]) => {
    const names = namesIn(join(host.sysroot, folder)).filter((name) => name.endsWith('.json'));
    return names.flatMap((name) => {
      const policies = read(join(host.sysroot, folder, name));
      if (policies[SWITCH] !== false) return [];
      const file = `/${folder}/${name}`;
      const sudo = host.isRoot ? '' : 'sudo ';
      const isAll = Object.keys(policies).length === 1;
      const cure = isAll
        ? `${sudo}rm ${quoteForPosix(file)}`
        : `have the administrator take "${SWITCH}" out of it, and restart ${browser}`;
      return [policyFinding(browser, file, cure)];
    });
  });
}

function read(file: string): Readonly<Record<string, unknown>> {
  // From what is no JSON the browser takes nothing either.
  const said = jsonIn(textIn(file));
  return isObject(said) ? said : {};
}
