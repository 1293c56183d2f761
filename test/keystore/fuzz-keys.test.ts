/** In a child process each: an abort of Node is a failure of the test, and nothing else. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { bundledModule } from '../helpers/bundle.ts';

const module = bundledModule('test/keystore/fuzz-keys.ts');

test('keys of every kind, whole and damaged, are read or refused by a process that lives on', () => {
  const program = `import(${JSON.stringify(module())}).then(({ fuzzKeys }) =>
    console.log(JSON.stringify(fuzzKeys(3000, 20260504))));`;
  const args = ['-e', program];
  const child = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 110_000 });
  const { signal, status } = child;
  expect({ signal, status }, child.stderr).toEqual({
    signal: null,
    status: 0,
  });
  const { read, refused, kinds } = JSON.parse(child.stdout) as Record<string, number>;
  expect(kinds).toBeGreaterThan(20);
  expect(read).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(500);
}, 120_000);
