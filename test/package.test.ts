/** The package as it is published: small, for `import` and `require()`, and for who bundles it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import * as library from '../src/index.ts';
import { temporaryFolder } from './helpers/host.ts';

const root = resolve(import.meta.dirname, '..');

describe('the package', () => {
  test('is at most 450 kB packed, 1.5 MB unpacked, and holds dist/ alone', () => {
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
        cwd: root,
        encoding: 'utf8',
        shell: process.platform === 'win32',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ) as [{ size: number; unpackedSize: number; files: { path: string }[] }];
    // 350 kB and 1.2 MB, and what came since: verify with STARTTLS, run, renew, hosts and completion, the SSH
    // agent and passphrases, a manual page, the guides.
    expect(packed.size).toBeLessThanOrEqual(450_000);
    expect(packed.unpackedSize).toBeLessThanOrEqual(1_500_000);
    expect(packed.files.map(({ path }) => path)).toContain('dist/guides/safety.md');
    const others = packed.files.map(({ path }) => path).filter((path) => !path.startsWith('dist/'));
    expect(others.sort()).toEqual(['LICENSE', 'README.md', 'package.json']);
  });

  test('gives import and require() the same functions', () => {
    // In a process of its own: what vitest imports it loads once more than Node.js does.
    const compare = `import * as imported from ${JSON.stringify(pathToFileURL(join(root, 'dist/index.mjs')).href)};
      import { createRequire } from 'node:module';
      const required = createRequire(import.meta.url)(${JSON.stringify(join(root, 'dist/index.cjs'))});
      console.log(JSON.stringify(Object.keys(imported).filter((it) => imported[it] === required[it])))`;
    const args = ['--input-type=module', '-e', compare];
    const same = JSON.parse(
      execFileSync(process.execPath, args, { encoding: 'utf8' }),
    ) as readonly string[];
    expect([...same].sort()).toEqual(Object.keys(library).sort());
  });

  test('works in one CommonJS file that somebody else bundled', async () => {
    const folder = temporaryFolder();
    const entry = join(folder, 'entry.cjs');
    const outfile = join(folder, 'bundle.cjs');
    const library = JSON.stringify(join(root, 'dist/index.cjs'));
    writeFileSync(
      entry,
      `require(${library}).certificateFor(['api.test']).then(({ cert }) => console.log(cert));`,
    );
    await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'cjs' });
    mkdirSync(join(folder, 'elsewhere'));
    const cert = execFileSync(process.execPath, [outfile], {
      cwd: join(folder, 'elsewhere'),
      encoding: 'utf8',
      env: { ...process.env, DEVCERT_HOME: join(folder, 'state') },
    });
    expect(cert).toMatch(/^-----BEGIN CERTIFICATE-----/);
  });

  test('has types of what is public alone', () => {
    const types = readFileSync(join(root, 'dist/index.d.mts'), 'utf8');
    expect(readFileSync(join(root, 'dist/index.d.cts'), 'utf8')).toBe(types);
    for (const name of Object.keys(library)) expect(types).toContain(name);
    expect(types).not.toMatch(/from ["']\.{1,2}\//);
  });
});
