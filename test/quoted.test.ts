/** What README and the guides quote is what the command says; README is one page, and no link in them leads nowhere. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inspectLines } from '../src/cli/inspect/lines.ts';
import { installLines } from '../src/cli/report.ts';
import { inspect } from '../src/commands/inspect.ts';
import { install } from '../src/commands/install.ts';
import { recipes } from '../src/commands/recipe.ts';
import { freshHome, twoLines } from './helpers/cli.ts';
import { fakeHost, stateAt, temporaryFolder } from './helpers/host.ts';
import { startServer } from './helpers/server.ts';
import { projectMachine } from './helpers/stores.ts';
import { make, now } from './inspect/certificates.ts';

const ROOT = resolve(import.meta.dirname, '..');
const GUIDES = join(ROOT, 'src/guides');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8').replaceAll('\r\n', '\n');
const readme = read('README.md');
const guides = readdirSync(GUIDES).map((name) => `src/guides/${name}`);

const plain = (text: string) => text;
const style = { good: plain, bad: plain, dim: plain };

/** Dates are of the day on which it was written down. */
const dated = (text: string) => text.replace(/\b20\d\d-\d\d-\d\d\b/g, 'DATE');

/** What stands below `$ COMMAND` in a block, up to the next command. */
function quoted(text: string, command: string): string {
  const [, after = ''] = text.split(`\n$ ${command}`);
  const [, ...lines] = (/^[^]*?(?=\n\$ |\n```)/.exec(after)?.[0] ?? '').split('\n');
  expect(lines.length).toBeGreaterThan(2);
  return dated(lines.join('\n').trimEnd());
}

describe('README', () => {
  test('is one page', () => {
    expect(readme.split('\n').length - 1).toBeLessThanOrEqual(150);
    // The line that .ci/run runs.
    expect(readme.match(/npm test && npm run test:real$/gm)).toHaveLength(1);
  });

  test('lists every recipe and every guide; the guide to recipes says where each was run', () => {
    const known = recipes().map(({ name }) => name).sort();
    const ticked = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    const rows = readme.split('\n').filter((line) => /^\| [^|]+ \| `\w/.test(line));
    expect(rows.flatMap(ticked).sort()).toEqual(known);
    const [, run] =
      /\n## What runs in CI\n([^]*?)\n## From /.exec(read('src/guides/recipes.md')) ?? [];
    expect(ticked(run ?? '')).toEqual(expect.arrayContaining(known));
    const links = [...readme.matchAll(/ \[[\w-]+\]\((src\/guides\/[\w-]+\.md)\)/g)];
    expect(links.map(([, path]) => path)).toEqual(expect.arrayContaining(guides));
  });

  test('shows what `devcert install` prints', async () => {
    const { context } = projectMachine(
      [{ name: 'Debian system store' }, { kind: 'nss', name: 'Chromium', restart: 'Chromium' }],
      { hostname: 'engine.example.com' }, // a name that is public is not certified
    );
    const lines = installLines(await install(context, {}), style).join('\n');
    expect(quoted(readme, 'devcert install')).toBe(dated(lines));
  });

  test('shows what `devcert localhost api.test` prints', async () => {
    const { run, project, home } = freshHome();
    expect((await run(['install', '--dry-run'])).status).toBe(0);
    await run(['localhost']);
    const { stdout } = await run(['localhost', 'api.test', '--force']);
    expect(stdout).toContain(home);
    const shown = dated(stdout.replaceAll(project, '/home/ada/shop').trimEnd());
    expect(quoted(readme, 'devcert localhost api.test')).toBe(shown);
  });

  test('names the errors of its troubleshooting as they are', async () => {
    const { run, home, project } = freshHome();
    expect(readme).toContain('`is outside what this CA may sign`');
    expect(twoLines(await run(['shop.corp.example.com'])).error).toContain(
      'is outside what this CA may sign',
    );
    expect(readme).toContain('`certutil of NSS is not installed`');
    mkdirSync(join(home, 'bin'));
    writeFileSync(join(home, 'bin/chromium'), '#!/bin/sh\n', { mode: 0o755 });
    const { stdout } = await run(['install', '--stores', 'nss'], {
      env: { PATH: join(home, 'bin') },
      cwd: project,
    });
    expect(stdout).toContain('certutil of NSS is not installed');
  });

  test('has a project file that does what it says', async () => {
    const { run, project } = freshHome();
    const [, file = ''] = /```json\n([^]*?)```/.exec(readme) ?? [];
    writeFileSync(join(project, 'devcert.json'), file);
    expect((await run([])).stdout).toContain('Issued a certificate for localhost, api.test\n');
    expect((await run([])).stdout).toContain('A valid certificate is there already');
    writeFileSync(join(project, 'devcert.json'), file.replace('api.test', 'shop.test'));
    expect((await run([])).stdout).toContain('Issued a certificate for localhost, shop.test\n');
    expect(readFileSync(join(project, '.devcert/.gitignore'), 'utf8')).toBe('*\n');
    const ran = await run(['run', '--', process.execPath, '-p', 'process.env.NODE_EXTRA_CA_CERTS']);
    expect(readFileSync(ran.stdout.trim(), 'utf8')).toContain('BEGIN CERTIFICATE');
  });
});

describe('the guides', () => {
  test('inspect shows what `devcert inspect old.pem` prints', () => {
    const folder = temporaryFolder();
    const ca = make({ authority: true, hash: 'sha1', subject: { commonName: 'Example CA' } });
    const shape = { names: ['shop.test'], subject: { commonName: 'shop.test' } };
    const old = make({ ...shape, key: ca.key, startDays: -400, endDays: -12.5 }, ca);
    writeFileSync(join(folder, 'old.pem'), old.pem);
    const host = { ...fakeHost(), now: () => now };
    const result = inspect({ host, ...stateAt(folder), cwd: folder, finders: [] }, ['old.pem']);
    const lines = dated(inspectLines(result, style).join('\n'));
    const [above = '', below = ''] = quoted(
      read('src/guides/inspect.md'),
      'devcert inspect old.pem',
    ).split('  …\n');
    expect(lines).toContain(above);
    expect(lines).toContain(below);
  });

  test('mutual-tls shows what `devcert mtls check` prints', async () => {
    const { run, project } = freshHome();
    await run(['mtls', 'api', '--client', 'web']);
    const file = (name: string) => readFileSync(join(project, 'api/server', name));
    const party = { cert: file('cert.pem'), key: file('key.pem'), ca: file('trust.pem') };
    const shown = [...read('src/guides/mutual-tls.md').matchAll(/^ {2}TLS 1.*$/gm)].map(
      ([it]) => it,
    );
    expect(shown).toHaveLength(4);
    for (const rejectUnauthorized of [true, false]) {
      const server = await startServer({ ...party, requestCert: true, rejectUnauthorized });
      const { stdout } = await run(['mtls', 'check', `localhost:${server.port}`, '--dir', 'api']);
      await server.close();
      for (const line of shown)
        if (line.includes('WRONG') !== rejectUnauthorized || line.includes('right'))
          expect(stdout.split('\n')).toContain(line);
    }
  });

  test('have no link that leads nowhere, from them or README', () => {
    for (const file of ['README.md', ...guides])
      for (const [, link = ''] of read(file).matchAll(/\]\(([^)]+)\)/g)) {
        if (link.startsWith('https:')) continue;
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? file : join(dirname(file), path);
        expect([file, link, existsSync(join(ROOT, target))]).toEqual([file, link, true]);
        if (anchor === undefined) continue;
        const anchors = [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
          title
            .toLowerCase()
            .replace(/[^\w -]/g, '')
            .replaceAll(' ', '-'),
        );
        expect([file, anchors]).toEqual([file, expect.arrayContaining([anchor])]);
      }
  });
});
