/** NSS databases where people's machines have them: a Flatpak's Firefox for real, and a disk that is full. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findForRoot } from '../../platform/as-root.ts';
import { findProgram, programFolders } from '../../platform/host.ts';
import { neverStarted } from '../../platform/nss-databases.ts';
import { nssStores } from '../../platform/nss.ts';
import { createRunner } from '../../platform/run.ts';
import { rootInFile } from '../../src/commands/roots.ts';
import { readAuthority } from '../../src/authority/authority.ts';
import { createAuthority } from '../../src/authority/create.ts';
import { installRoot, uninstallRoot } from '../../src/trust.ts';
import { openInFirefox, startFirefoxOnce } from '../helpers/browsers.ts';
import { fakeHost, temporaryFolder } from '../helpers/host.ts';
import { issueFor } from '../helpers/forge.ts';
import { playScenario } from '../helpers/namespace.ts';
import { needs, needsCover } from '../helpers/require.ts';
import { PAGE, startServer } from '../helpers/server.ts';

const find = (program: string) => findProgram(program, process.env, false);
const certutil = needs(find('certutil') !== undefined, 'certutil (apt install libnss3-tools)');
const firefox = needs(find('firefox-esr') !== undefined, 'Firefox (apt install firefox-esr)');

describe.runIf(certutil && firefox)('Firefox with the variables of Flatpak', () => {
  test('makes its profile where it is found, and trusts the root from install to uninstall', async () => {
    const home = temporaryFolder();
    const box = join(home, '.var/app/org.mozilla.firefox');
    for (const folder of ['config', 'data', 'cache'])
      mkdirSync(join(box, folder), { recursive: true });
    const env = {
      XDG_CONFIG_HOME: join(box, 'config'),
      XDG_DATA_HOME: join(box, 'data'),
      XDG_CACHE_HOME: join(box, 'cache'),
    };
    const run = createRunner({
      isRoot: true,
      interactive: false,
      find,
      findForRoot: (program) => findForRoot(program, programFolders(process.env, false)),
      env: process.env,
    });
    const here = (program: string) => (program === 'certutil' ? find(program) : undefined);
    const host = fakeHost({ home, sysroot: '/', run, find: here });
    expect(neverStarted(host)).toMatchObject([{ name: 'Firefox (flatpak)' }]);
    await startFirefoxOnce({ home, env });
    expect(neverStarted(host)).toEqual([]);
    const stores = await nssStores.find(host, {});
    expect(stores.length).toBeGreaterThan(0);
    const profiles = join(box, 'config/mozilla/firefox');
    for (const { location } of stores) expect(dirname(location)).toBe(profiles);
    const [{ location: profile } = { location: '' }] = stores;

    const pem = await createAuthority('ada@engine', undefined, new Date());
    const authority = readAuthority(pem, 'here');
    const file = join(temporaryFolder(), 'root.pem');
    writeFileSync(file, pem.root);
    const root = rootInFile(pem.root, file);
    const { certPem: cert, keyPem: key } = await issueFor(authority, ['localhost']);
    const server = await startServer({ cert, key });
    try {
      const open = () => openInFirefox(`https://localhost:${server.port}/`, { home, profile, env });
      expect((await open()).ok).toBe(false);
      await installRoot(stores, root, host);
      expect((await open()).text).toContain(PAGE);
      await uninstallRoot(stores, root, host);
      expect((await open()).ok).toBe(false);
    } finally {
      await server.close();
    }
  });
});

interface Row {
  readonly kilobytes: number;
  readonly installed: { readonly status: string; readonly reason?: string };
  readonly left: readonly string[];
  readonly removed: string;
  readonly after: readonly string[];
}

describe.runIf(certutil && needsCover())('a full disk', () => {
  test('while a database is made leaves nothing of it', async () => {
    const root = join(temporaryFolder(), 'root.pem');
    writeFileSync(root, (await createAuthority('ada@engine', undefined, new Date())).root);
    const rows = (await playScenario('nss-full', root)) as Row[];
    const failed = rows.filter(({ installed }) => installed.status === 'failed');
    const done = rows.filter(({ installed }) => installed.status === 'trusted');
    expect(failed.length).toBeGreaterThan(3);
    expect(done.length).toBeGreaterThan(0);
    expect(failed.length + done.length).toBe(rows.length);
    for (const row of failed) expect(row).toMatchObject({ left: [], removed: 'already-absent' });
    for (const row of rows) expect(row.after).toEqual([]);
  });
});
