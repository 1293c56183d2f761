/**
 * Runs inside a mount namespace of its own (`unshare -m`), as root: homes on memory file systems that are too
 * small for one step or another, and what install leaves on each. Prints it as JSON. Bundled by the test.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../platform/host.ts';
import { nssStores } from '../../platform/nss.ts';
import { rootInFile } from '../../src/commands/roots.ts';
import { installRoot, uninstallRoot } from '../../src/trust.ts';
import { coveredHost, must } from './covered.ts';

const [, , base = '', , rootFile = ''] = process.argv;
const root = rootInFile(readFileSync(rootFile, 'utf8'), rootFile);
const host = coveredHost(base, (program) =>
  program === 'chromium' ? '/usr/bin/chromium' : findProgram(program, process.env, false),
);

const rows = [];
for (const kilobytes of [4, 8, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 512]) {
  const home = join(base, `${kilobytes}`);
  mkdirSync(home);
  must('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', home]);
  const own = { ...host, home };
  const stores = async () =>
    (await nssStores.find(own, {})).filter(({ location }) => location.includes('nssdb'));
  const [installed] = await installRoot(await stores(), root, own);
  const left = readdirSync(home, { recursive: true });
  const [removed] = await uninstallRoot(await stores(), root, own);
  const after = readdirSync(home, { recursive: true });
  rows.push({ kilobytes, installed, left, removed: removed?.status, after });
  must('umount', [home]);
}
process.stdout.write(JSON.stringify(rows));
