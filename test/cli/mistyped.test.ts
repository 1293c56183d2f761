import { describe, expect, test } from 'vitest';
import { assertNoCommand } from '../../src/cli/mistyped.ts';
import { freshHome, twoLines } from '../helpers/cli.ts';

describe('assertNoCommand()', () => {
  test.each([
    ['instal', 'devcert install?'],
    ['Insatll', 'devcert install?'],
    ['uninstal', 'devcert uninstall?'],
    ['staus', 'devcert status?'],
    ['mtsl', 'devcert mtls?'],
    ['host', 'devcert hosts'],
    ['trust', 'devcert install?'],
    ['generate', 'devcert localhost?'],
    ['lcoalhost', 'devcert localhost?'],
    ['localhsot', 'devcert localhost?'],
  ])('"%s" is met with "did you mean %s"', (word, meant) => {
    expect(() => {
      assertNoCommand(word);
    }).toThrow(
      expect.objectContaining({
        code: 'usage',
        hint: expect.stringContaining(`did you mean ${meant}`) as string,
      }),
    );
  });

  test.each(['api', 'shop', 'db', 'ci', 'web', 'engine', 'printer', 'a', 'storage', 'my-app'])(
    '"%s" may be a host',
    (word) => {
      expect(() => {
        assertNoCommand(word);
      }).not.toThrow();
    },
  );
});

test('a slip of a command makes nothing and permits nothing', async () => {
  const { run } = freshHome();
  for (const args of [['instal'], ['instal', '--machine'], ['recip', 'nginx']]) {
    const ran = await run(args);
    expect(ran.status).toBe(2);
    expect(twoLines(ran).hint).toMatch(/^did you mean devcert (install|recipe)\? For a host/);
  }
  const single = await run(['shop']);
  expect([single.status, twoLines(single).hint]).toEqual([
    6,
    'a name of your own ends in ".test" or ".localhost": devcert shop.test',
  ]);
  expect(twoLines(await run(['google.com'])).hint).toBe(
    'only if "google.com" is yours, because whoever copies the key could forge it, too: devcert install --permit google.com',
  );
  expect((await run(['status'])).status).toBe(3); // there is still no authority
});

test('help behind names is that of issuing; no line breaks inside a word at 80 columns', async () => {
  const { run } = freshHome();
  const help = await run(['issue', '--help']);
  expect(help.stdout).toContain('--add <name>');
  for (const args of [
    ['localhost', '--help'],
    ['api.test', '-h'],
    ['--days', '9', 'x.test', '-h'],
  ])
    expect(await run(args)).toEqual(help);
  for (const command of ['issue', 'install', 'ca create', 'export', 'inspect', 'mtls check'])
    for (const line of (await run([...command.split(' '), '--help'])).stdout.split('\n'))
      expect(line.length).toBeLessThanOrEqual(80);
});
