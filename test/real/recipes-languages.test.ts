/** Python, Go and Puma from Debian, each running its recipe and nothing else. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  createKitchen,
  expectHttps,
  expectMutualHttps,
  freePort,
  serverFolder,
  startProgram,
  write,
} from '../helpers/recipes.ts';
import { needs } from '../helpers/require.ts';
import { findProgram, run } from '../helpers/run.ts';

const kitchen = await createKitchen();

// Go compiles its library once for both programs.
const goCache = mkdtempSync(join(tmpdir(), 'devcert-go-'));
afterAll(() => {
  rmSync(goCache, { recursive: true, force: true });
});

const start: Record<string, (text: string, folder: string, port: number) => Promise<void>> = {
  python: (text, folder, port) =>
    startProgram('/usr/bin/python3', [write(folder, 'server.py', text)], port),
  go: async (text, folder, port) => {
    const program = join(folder, 'server');
    const env = { GOCACHE: goCache, GOFLAGS: '-mod=mod', GO111MODULE: 'off', CGO_ENABLED: '0' };
    const args = ['build', '-o', program, write(folder, 'main.go', text)];
    const built = await run('go', args, { env, timeoutMs: 100_000 });
    expect(built.status, built.output).toBe(0);
    await startProgram(program, [], port);
  },
  puma: (text, folder, port) => {
    write(folder, 'config.ru', 'run ->(_env) { [200, {}, ["hello\\n"]] }');
    const file = write(folder, 'puma.rb', text);
    return startProgram('puma', ['--config', file, '--dir', folder], port, { cwd: folder });
  },
};

describe.each([
  { name: 'python', program: 'python3' },
  { name: 'go', program: 'go' },
  { name: 'puma', program: 'puma' },
])('$name by its recipe', ({ name, program }) => {
  const started = async (options: readonly string[]) => {
    const port = await freePort();
    const text = (await kitchen.recipe(name, ...options)).replaceAll('8443', String(port));
    await start[name]?.(text, serverFolder(), port);
    return port;
  };

  test('is opened by whoever trusts our root alone', async (context) => {
    if (!needs(findProgram(program) !== undefined, program)) context.skip();
    await expectHttps(kitchen, await started([]));
  });

  test('--client-certs: lets in our clients alone', async (context) => {
    if (!needs(findProgram(program) !== undefined, program)) context.skip();
    await expectMutualHttps(kitchen, await started(['--client-certs']));
  });
});
