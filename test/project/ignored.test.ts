/** A key in a repository: who is told, and who has told git already. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isCommittable } from '../../src/project/ignored.ts';
import { freshHome } from '../helpers/cli.ts';

function workTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'devcert-tree-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  mkdirSync(join(folder, 'app/tls'), { recursive: true });
  return folder;
}

test('isCommittable() is true in a work tree alone', () => {
  const folder = workTree();
  const key = join(folder, 'app/tls/key.pem');
  expect(isCommittable(key)).toBe(false);
  writeFileSync(join(folder, '.git'), 'gitdir: elsewhere\n'); // as in `git worktree`
  expect(isCommittable(key)).toBe(true);
});

test.each([
  ['.gitignore', '*.pem'],
  ['.gitignore', '# keys\r\nkey.pem\r\n'],
  ['.gitignore', '/app/tls/'],
  ['.gitignore', 'tls'],
  ['app/.gitignore', 'tls/key.pem'],
  ['app/tls/.gitignore', '*\n'],
])('isCommittable() reads %s with %j', (file, text) => {
  const folder = workTree();
  mkdirSync(join(folder, '.git'));
  writeFileSync(join(folder, file), text);
  expect(isCommittable(join(folder, 'app/tls/key.pem'))).toBe(false);
  expect(isCommittable(join(folder, 'app/other.key'))).toBe(true);
});

test('a key beside .devcert in a work tree gets one line, and one in it none', async () => {
  const { run, project } = freshHome();
  mkdirSync(join(project, '.git'));
  const line = /git would commit the key: a line "key\.pem" in \.gitignore keeps it out/;
  expect((await run(['localhost'])).stderr).not.toMatch(/gitignore/);
  mkdirSync(join(project, 'tls'));
  expect((await run(['localhost', '--out', 'tls'])).stderr).toMatch(line);
  // A folder that devcert makes ignores itself.
  expect((await run(['localhost', '--out', 'made'])).stderr).not.toMatch(/gitignore/);
});

test('so does one that csr or export writes there, and the key store of issue', async () => {
  const { run, project } = freshHome();
  mkdirSync(join(project, '.git'));
  mkdirSync(join(project, 'tls'));
  const csr = await run(['csr', 'api.test', '--out', 'tls']);
  expect(csr.stderr).toContain('a line "key.pem" in .gitignore');
  // The key is there already: it was told.
  expect((await run(['csr', 'api.test', '--out', 'tls'])).stderr).not.toContain('gitignore');
  expect((await run(['csr', 'api.test'])).stderr).not.toContain('gitignore');
  expect((await run(['localhost'])).stderr).not.toContain('gitignore');
  const store = ['export', '--format', 'p12', '--no-password', '--out', 'tls'];
  expect((await run(store)).stderr).toContain('.p12" in .gitignore');
  const root = await run(
    ['export', '--format', 'jks', '--trust', '--password-env', 'PASS', '--out', 'tls'],
    { env: { PASS: 'changeit' } },
  );
  expect(root.stderr).not.toContain('gitignore');
  const both = ['localhost', '--format', 'p12', '--no-password', '--force'];
  const files = ['--cert-file', 'tls/c.pem', '--key-file', 'tls/k.pem'];
  expect((await run([...both, ...files])).stderr).toMatch(
    /a line "k\.pem" and one "[^"]+\.p12" in \.gitignore/,
  );
});
