/**
 * What package managers are told of a release, judged by their own tools where Debian has them: Ruby for the
 * formula, makepkg for AUR. Scoop's and winget's are parsed strictly; their JSON schemas are in no registry.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { needs, needsTools } from '../helpers/require.ts';
import { type Ended, findProgram, run } from '../helpers/run.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const REPOSITORY = 'https://github.com/example/devcert';
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
};
const archives = [
  ...['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'].map((it) => `${it}.tar.gz`),
  'windows-x64.zip',
].map((it) => `devcert-${version}-${it}`);
const hashOf = (archive: string) => createHash('sha256').update(archive).digest('hex');

let folder = '';
let rendered: Ended;
const read = (file: string) => readFileSync(join(folder, 'manifests', file), 'utf8');
const render = () =>
  run(process.execPath, [join(ROOT, '.ci/manifests.mjs'), folder, REPOSITORY], { cwd: folder });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'devcert-manifests-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  for (const archive of archives)
    writeFileSync(join(folder, `${archive}.sha256`), `${hashOf(archive)}  ${archive}\n`);
  rendered = await render();
});

/** Every archive of the texts with its hash, as they name them. */
function named(text: string): string[] {
  return archives.filter((archive) => {
    const url = `${REPOSITORY}/releases/download/v${version}/${archive}`;
    return text.includes(url) && text.toLowerCase().includes(hashOf(archive));
  });
}

test('a formula that Ruby reads, of all archives for macOS and Linux', async (context) => {
  expect(rendered).toEqual({ status: 0, output: '' });
  if (!needsTools('ruby')) return context.skip();
  const file = join(folder, 'manifests/homebrew/devcert.rb');
  expect(await run('ruby', ['-wc', file])).toEqual({ status: 0, output: 'Syntax OK\n' });
  expect(named(read('homebrew/devcert.rb'))).toEqual(archives.slice(0, 4));
});

test('a PKGBUILD of which makepkg makes the very .SRCINFO', async (context) => {
  const tools = ['makepkg', 'setpriv', 'shellcheck'];
  const there = tools.every((it) => findProgram(it) !== undefined) && process.geteuid?.() === 0;
  if (!needs(there, `${tools.join(', ')} and root`)) return context.skip();
  const aur = join(folder, 'aur');
  cpSync(join(folder, 'manifests/aur'), aur, { recursive: true });
  for (const it of [folder, aur]) chmodSync(it, 0o777);
  // It does not run as root, and wants a pacman to be there, which it does not start for this.
  const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
  const made = spawnSync('setpriv', [...nobody, 'makepkg', '--printsrcinfo'], {
    ...{ cwd: aur, encoding: 'utf8', timeout: 30_000 },
    env: { ...process.env, HOME: aur, PACMAN: 'true' },
  });
  expect(made.stderr).toBe('');
  expect(made.stdout).toBe(read('aur/.SRCINFO'));
  // What makepkg reads is not used in the file, and it sets `pkgdir`.
  const lint = ['--shell=bash', '--exclude=SC2034,SC2154', join(aur, 'PKGBUILD')];
  expect(await run('shellcheck', lint)).toEqual({ status: 0, output: '' });
  expect(named(made.stdout)).toEqual(archives.slice(0, 2));
});

test('manifests for Scoop and winget that are JSON and YAML, of the archive for Windows', async (context) => {
  const scoop = JSON.parse(read('scoop/devcert.json')) as Record<string, unknown>;
  expect(scoop).toMatchObject({ version, bin: 'devcert.exe', license: 'MIT' });
  expect(named(read('scoop/devcert.json'))).toEqual(archives.slice(4));
  const code = `import json, sys, yaml
print(json.dumps([yaml.safe_load(open(file)) for file in sys.argv[1:]]))`;
  const python = '/usr/bin/python3';
  const there = spawnSync(python, ['-c', 'import yaml']).status === 0;
  if (!needs(there, 'python3-yaml')) return context.skip();
  const types = ['', '.locale.en-US', '.installer'];
  const files = types.map((it) => join(folder, `manifests/winget/example.devcert${it}.yaml`));
  const parsed = await run(python, ['-c', code, ...files]);
  const common = { PackageIdentifier: 'example.devcert', PackageVersion: version };
  expect(JSON.parse(parsed.output)).toMatchObject([
    { ...common, ManifestType: 'version', DefaultLocale: 'en-US' },
    { ...common, ManifestType: 'defaultLocale', PackageLocale: 'en-US', License: 'MIT' },
    { ...common, ManifestType: 'installer', InstallerType: 'zip' },
  ]);
  expect(named(read('winget/example.devcert.installer.yaml'))).toEqual(archives.slice(4));
});

test('nothing for a release that lacks an archive, or whose checksum is of another', async () => {
  const file = join(folder, `${archives[2] ?? ''}.sha256`);
  const text = readFileSync(file, 'utf8');
  rmSync(file);
  expect((await render()).output).toContain(`no archive of ${version} for darwin-x64`);
  writeFileSync(file, text.replace('darwin', 'linux'));
  expect((await render()).output).toContain('is not a SHA-256 of its archive');
});
