/** A disk that is full from some write on, for good: a whole CA is left or none, and with room again all goes on. */
import { spawn } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { hasAuthority, loadAuthority } from '../../src/authority/folder.ts';
import { filesBelow, openKeyHashesIn } from '../helpers/bare-keys.ts';
import { bundledModule } from '../helpers/bundle.ts';
import { temporaryFolder } from '../helpers/host.ts';
import { actions, contextWith, readStores, writeStores } from '../helpers/killed-scenario.ts';

const HOOK = join(import.meta.dirname, '../helpers/full-hook.cjs');
const scenario = bundledModule('test/helpers/killed-scenario.ts');

/** @returns the exit code, and what was said of the end. */
function start(home: string, fullAt: number): Promise<{ status: number | null; stderr: string }> {
  const args = ['--require', HOOK, fileURLToPath(scenario()), home, 'install --sealed'];
  const child = spawn(process.execPath, args, {
    cwd: join(home, 'project'),
    env: {
      ...{ PATH: process.env.PATH, HOME: home, CI: '1', DEVCERT_HOME: join(home, 'state') },
      ...{ DEVCERT_TEST_KILL_AT: '0', DEVCERT_TEST_FULL_AT: String(fullAt) },
    },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 30_000,
  });
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  return new Promise((resolve) => {
    child.on('close', (status) => {
      resolve({ status, stderr });
    });
  });
}

/** Everything that may be looked at after the disk was full. */
async function look(home: string): Promise<void> {
  const state = join(home, 'state');
  // No CA, or one that can be read, and in no case a key of one.
  if (hasAuthority(state)) await loadAuthority(state);
  expect(openKeyHashesIn(state)).toEqual([]);
  const [first, second] = readStores(home);
  expect(first).toEqual(second);

  const { root } = await actions['install --sealed'](await contextWith(home));
  expect(readStores(home)).toEqual([[root], [root]]);
  const pair = (name: string) => readFileSync(join(home, 'project/.devcert', name));
  const leaf = new X509Certificate(pair('cert.pem'));
  expect(leaf.checkPrivateKey(createPrivateKey(pair('key.pem')))).toBe(true);
  expect(openKeyHashesIn(state)).toEqual([]);
  expect(filesBelow(home).filter((it) => /\.devcert-tmp$|journal\.json$/.test(it))).toEqual([]);
}

test('install --sealed on a disk that is full from any write on', async () => {
  const wrong: string[] = [];
  let steps = 0;
  for (let status: number | null = 1; status !== 0;) {
    const home = join(temporaryFolder(), 'home');
    mkdirSync(join(home, 'project'), { recursive: true });
    writeStores(home, [[], []]);
    steps += 1;
    const ended = await start(home, steps);
    status = ended.status;
    if (status !== 0 && !ended.stderr.includes('the disk is full'))
      wrong.push(`full at write ${steps}: ${ended.stderr}`);
    await look(home).catch((error: unknown) => {
      wrong.push(`full at write ${steps}: ${String(error)}`);
    });
  }
  expect(wrong).toEqual([]);
  expect(steps).toBeGreaterThan(20);
});
