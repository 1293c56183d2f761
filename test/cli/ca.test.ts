/** `devcert ca …` as a person meets it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freshHome, twoLines } from '../helpers/cli.ts';

describe('devcert ca', () => {
  test('creates, lists, shows, exports, imports with a password, removes', async () => {
    const { run, project, home } = freshHome();
    expect((await run(['ca', 'list'])).stdout).toContain('devcert install');
    const made = await run(['ca', 'create', 'people', '--clients-only']);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toContain('no store may trust it');
    const listed = JSON.parse((await run(['ca', 'list', '--json'])).stdout) as object;
    expect(listed).toMatchObject({ authorities: [{ name: 'people', clientsOnly: true }] });
    const shown = await run(['ca', 'show', 'people']);
    expect(shown.stdout.split('\n').every((line) => line.length <= 110)).toBe(true);
    const root = await run(['ca', 'export', 'people']);
    expect(root.stdout).toMatch(/^-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n$/);

    writeFileSync(join(home, 'password'), 'correct horse\n', { mode: 0o600 });
    const key = ['--with-key', '--file', 'k.pem'];
    expect(twoLines(await run(['ca', 'export', 'people', ...key])).hint).toBe(
      '--password-file FILE, --password-env VARIABLE or --password-stdin',
    );
    const outside = await run(['a.corp.com', '--client', '--ca', 'people']);
    expect(twoLines(outside).hint).toBe(
      'only if "corp.com" is yours, because whoever copies the key could forge it, too: devcert ca replace people --permit corp.com',
    );
    const exported = await run([
      'ca',
      'export',
      'people',
      ...key,
      '--password-file',
      '../password',
    ]);
    expect(exported.stderr).toContain('can issue certificates');
    expect(readFileSync(join(project, 'k.pem'), 'utf8')).toContain('ENCRYPTED PRIVATE KEY');
    const again = ['ca', 'import', 'k.pem', '--name', 'back', '--clients-only'];
    expect(twoLines(await run(again)).error).toContain('needs its password');
    // Without a flag for none, none is named.
    for (const args of [again, ['ca', 'replace', 'people', '--import', 'k.pem']]) {
      const empty = twoLines(await run([...args, '--password-stdin'], { input: '\n' }));
      expect(empty.hint).toBe('write the password into its first line');
      const wrong = await run([...args, '--password-stdin'], { input: 'Correct horse\n' });
      expect(twoLines(wrong).error).toContain('the password does not open the private key');
      expect(wrong.stderr).not.toContain('--no-password');
    }
    expect((await run([...again, '--password-file', '../password'])).status).toBe(0);
    expect((await run(['ca', 'remove', 'back'])).stdout).toContain('Deleted');
  });

  test('refuses with two lines and the exit code of the reason', async () => {
    const { run } = freshHome();
    await run(['ca', 'create', 'people', '--clients-only']);
    const cases = [
      [['ca'], 2],
      [['ca', 'frobnicate'], 2],
      [['ca', 'create'], 2],
      [['ca', 'create', '../x'], 2],
      [['ca', 'create', 'people'], 6],
      [['ca', 'create', 'x', '--permit', 'com'], 6],
      [['ca', 'show', 'nope'], 3],
      [['ca', 'export', 'nope'], 3],
      [['ca', 'replace', 'nope'], 3],
      [['ca', 'remove', 'nope'], 3],
      [['ca', 'import'], 2],
      [['ca', 'import', 'mkcert'], 1],
      [['x.test', '--ca', 'nope'], 3],
      [['x.test', '--ca', 'people'], 6],
      [['install', '--ca', 'people', '--stores', 'nss'], 6],
    ] as const;
    for (const [args, status] of cases) {
      const ran = await run(args);
      expect({ args, status: ran.status }).toEqual({ args, status });
      if (args.length > 1) twoLines(ran);
      if (args.length === 2 && args[1] === 'create')
        expect(ran.stderr).toContain('ca create --help');
    }
    for (const help of [['--help'], ['ca', '--help'], ['ca', 'import', '--help']]) {
      const { stdout } = await run(help);
      expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
    }
  });
});
