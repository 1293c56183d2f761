import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { keyTypes } from '../../src/keys.ts';
import { MAX_LEAF_DAYS, MAX_NAMES } from '../../src/policy.ts';
import { asLabel, branchLabel, worktreeLabel } from '../../src/project/checkout.ts';
import { readProjectFile } from '../../src/project/file.ts';
import { temporaryFolder } from '../helpers/host.ts';

/** A folder with these files. */
function folderWith(files: Record<string, string>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

describe('readProjectFile()', () => {
  test('reads devcert.json, or "devcert" in package.json', () => {
    const own = folderWith({ 'devcert.json': '\uFEFF{"names": ["a.test"], "key": "rsa2048"}' });
    expect(readProjectFile(own)).toMatchObject({ names: ['a.test'], key: 'rsa2048' });
    const manifest = folderWith({
      'package.json': '{"name": "x", "devcert": {"$schema": "s", "names": ["b.test"], "days": 30}}',
    });
    expect(readProjectFile(manifest)).toMatchObject({ names: ['b.test'], days: 30 });
    expect(readProjectFile(folderWith({ 'package.json': '{"name": "x"}' }))).toBeUndefined();
    expect(readProjectFile(folderWith({ 'package.json': 'torn' }))).toBeUndefined();
    expect(readProjectFile(temporaryFolder())).toBeUndefined();
  });

  test.each([
    ['permit', '{"names": ["a.test"], "permit": ["bank.com"]}'],
    ['ca', '{"names": ["a.test"], "ca": "work"}'],
    ['constraints', '{"names": ["a.test"], "constraints": false}'],
    ['out', '{"names": ["a.test"], "out": "/etc"}'],
    ['hosts', '{"names": ["a.test"], "hosts": ["bank.com"]}'],
    ['run', '{"names": ["a.test"], "run": "rm -rf ."}'],
    ['nams', '{"nams": ["a.test"]}'],
    ['names', '{"names": "a.test"}'],
    ['names', '{"names": []}'],
    ['names', '{}'],
    ['names', '{"names": [1]}'],
    ['names', JSON.stringify({ names: Array(101).fill('a.test') })],
    ['key', '{"names": ["a.test"], "key": "dsa"}'],
    ['days', '{"names": ["a.test"], "days": 4000}'],
    ['days', '{"names": ["a.test"], "days": "30"}'],
    ['JSON', '{"names": ["a.test"]'],
    ['object', '["a.test"]'],
    ['object', 'null'],
  ])('refuses a bad %s: %s', (word, text) => {
    const folder = folderWith({ 'devcert.json': text });
    expect(() => readProjectFile(folder)).toThrow(
      expect.objectContaining({
        code: 'invalid-input',
        message: expect.stringContaining(word) as string,
      }),
    );
  });

  test('refuses two that both say something, and one that is huge', () => {
    const both = { 'devcert.json': '{"names": ["a.test"]}', 'package.json': '{"devcert": {}}' };
    expect(() => readProjectFile(folderWith(both))).toThrow(/package.json has a "devcert", too/);
    const huge = folderWith({ 'devcert.json': ' '.repeat(2_000_000) });
    expect(() => readProjectFile(huge)).toThrow(expect.objectContaining({ code: 'file' }));
  });

  test('fills in the branch and the folder of the checkout', () => {
    const folder = folderWith({
      '.git/HEAD': 'ref: refs/heads/feature/Login_2\n',
      'app/devcert.json': '{"names": ["{branch}.shop.test", "{branch}-{branch}.test"]}',
    });
    expect(readProjectFile(join(folder, 'app'))?.names).toEqual([
      'feature-login-2.shop.test',
      'feature-login-2-feature-login-2.test',
    ]);
    const outside = folderWith({ 'devcert.json': '{"names": ["{branch}.test"]}' });
    expect(() => readProjectFile(outside)).toThrow(/is in no checkout of git/);
  });
});

describe('branchLabel()', () => {
  test.each([
    ['ref: refs/heads/main\n', 'main'],
    ['ref: refs/heads/Ünïcode/ß-x\n', 'unicode-x'],
    ['ref: refs/heads/$(reboot).`id`\n', 'reboot-id'],
    ['ref: refs/heads/a.bank.com\n', 'a-bank-com'],
    ['0123456789abcdef0123456789abcdef01234567\n', '01234567'],
  ])('of %j is "%s"', (head, label) => {
    expect(branchLabel(folderWith({ '.git/HEAD': head }))).toBe(label);
  });

  test.each(['', 'ref: refs/heads/---\n', 'something else', 'ref: refs/heads/日本\n'])(
    'refuses the head %j',
    (head) => {
      expect(() => branchLabel(folderWith({ '.git/HEAD': head }))).toThrow(
        /cannot tell the branch/,
      );
    },
  );

  test('follows the file of a worktree', () => {
    const folder = folderWith({
      'main/.git/worktrees/two/HEAD': 'ref: refs/heads/two\n',
      'Shop Two/.git': 'gitdir: ../main/.git/worktrees/two\n',
    });
    expect(branchLabel(join(folder, 'Shop Two'))).toBe('two');
    expect(worktreeLabel(join(folder, 'Shop Two'))).toBe('shop-two');
  });
});

test('asLabel() keeps long texts apart within 63 characters', () => {
  const [one, two] = [asLabel(`${'x'.repeat(80)}1`), asLabel(`${'x'.repeat(80)}2`)];
  expect(one.length).toBe(63);
  expect(one).not.toBe(two);
});

test('the schema says what is read, and no more', () => {
  const file = join(import.meta.dirname, '../../src/project/schema.json');
  const schema = JSON.parse(readFileSync(file, 'utf8')) as {
    properties: { key: { enum: string[] }; days: { maximum: number }; names: { maxItems: number } };
    additionalProperties: boolean;
    required: string[];
  };
  expect(Object.keys(schema.properties)).toEqual(['$schema', 'names', 'key', 'days']);
  const { key, days, names } = schema.properties;
  expect([key.enum, days.maximum, names.maxItems]).toEqual([keyTypes, MAX_LEAF_DAYS, MAX_NAMES]);
  expect([schema.additionalProperties, schema.required]).toEqual([false, ['names']]);
});
