/** The package as `npm publish` would send it, installed into a project. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { run } from './run.ts';

const ROOT = join(import.meta.dirname, '../..');

/**
 * Packs what `npm run build` made and installs it, without network.
 *
 * @param folder of a project to be; gets a package.json of ES modules.
 * @returns path of the tarball.
 */
export async function installPacked(folder: string): Promise<string> {
  const pack = ['pack', '--ignore-scripts', '--pack-destination', folder];
  const packed = await run('npm', pack, { cwd: ROOT });
  expect(packed.status, packed.output).toBe(0);
  const tarball = join(folder, readdirSync(folder).find((file) => file.endsWith('.tgz')) ?? '');
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const install = ['install', '--offline', '--no-audit', '--no-fund', tarball];
  const installed = await run('npm', install, { cwd: folder });
  expect(installed.status, installed.output).toBe(0);
  return tarball;
}
