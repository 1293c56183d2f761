/** A key with a passphrase, as a person or a script meets it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { protectLines } from '../../src/cli/ca/lines.ts';
import { keepingText } from '../../src/cli/lines.ts';
import type { ReplaceResult } from '../../src/commands/replace.ts';
import { openKeysIn } from '../helpers/bare-keys.ts';
import { freshHome, type Home, twoLines } from '../helpers/cli.ts';

const KEY = 'the key of the CA "people"';
const WAYS = '--ca-password-file FILE, --ca-password-env VARIABLE or --ca-password-stdin';

/** A home with an authority for clients whose key is encrypted. */
async function encrypted(): Promise<Home & { file: string }> {
  const home = freshHome();
  const file = join(home.home, 'passphrase');
  writeFileSync(file, 'correct horse\n', { mode: 0o600 });
  const create = ['ca', 'create', 'people', '--clients-only', '--passphrase'];
  const made = await home.run([...create, '--ca-password-file', file]);
  expect(made).toMatchObject({ status: 0, stderr: '' });
  expect(made.stdout).toContain('Whoever copies its key and has the passphrase');
  return { ...home, file };
}

const ada = ['--client', 'ada@example.test', '--ca', 'people'];

describe('--ca-password-…', () => {
  test('a file, a variable, standard input; each opens the key', async () => {
    const { run, file, state, project } = await encrypted();
    expect(openKeysIn(state)).toEqual([]);
    const ways = [
      [['--ca-password-file', file], {}],
      [['--ca-password-env', 'CA'], { env: { CA: 'correct horse' } }],
      [['--ca-password-stdin'], { input: 'correct horse\n' }],
    ] as const;
    for (const [flags, options] of ways) {
      const ran = await run([...ada, '--force', ...flags], options);
      expect(ran).toMatchObject({ status: 0 });
      expect(ran.stdout).toContain('Issued a certificate for ada@example.test');
    }
    // Nothing is signed: nothing is asked, and no flag is read.
    const again = await run([...ada, '--ca-password-file', '/nowhere']);
    expect(again).toMatchObject({ status: 0, stderr: '' });
    expect(again.stdout).toContain('A valid certificate is there already');
    expect(existsSync(join(project, '.devcert/key.pem'))).toBe(true);
  });

  test('each way to get it wrong has its own error and exit code, and nothing is written', async () => {
    const { run, home, project, file } = await encrypted();
    writeFileSync(join(home, 'empty'), '\n', { mode: 0o600 });
    writeFileSync(join(home, 'long'), `${'x'.repeat(1024)}\n`, { mode: 0o600 });
    writeFileSync(join(home, 'latin1'), Buffer.from('correct h\xf6rse\n', 'latin1'), {
      mode: 0o600,
    });
    const cases = [
      [[], 2, `${KEY} needs a passphrase`, WAYS],
      [
        ['--ca-password-stdin', '--ca-password-env', 'CA'],
        2,
        '--ca-password-env and --ca-password-stdin exclude each other',
      ],
      [['--ca-password-env', 'CA'], 1, 'the variable "CA" is not set'],
      [['--ca-password-file', 'none'], 1, 'there is no passphrase file "none"'],
      [
        ['--ca-password-file', '../empty'],
        1,
        'the passphrase file "../empty" holds no passphrase in its first line',
      ],
      [
        ['--ca-password-file', '../latin1'],
        1,
        'the passphrase file "../latin1" holds no text in UTF-8',
      ],
      [['--ca-password-file', '../long'], 1, `the passphrase of ${KEY} is longer than 1023 bytes`],
      [['--ca-password-stdin'], 1, `this is not the passphrase of ${KEY}`],
    ] as const;
    for (const [flags, status, error, hint] of cases) {
      const ran = await run([...ada, ...flags], { input: 'wrong horse\n' });
      expect({ flags, status: ran.status, error: twoLines(ran).error }).toEqual({
        flags,
        status,
        error,
      });
      if (hint !== undefined) expect(twoLines(ran).hint).toBe(hint);
      expect(ran.stderr).not.toContain('wrong horse');
    }
    expect(existsSync(join(project, '.devcert'))).toBe(false);

    // Standard input is one thing only.
    const csr = await run(['csr', 'localhost']);
    expect(csr.status).toBe(0);
    const pem = readFileSync(join(project, '.devcert/csr/csr.pem'));
    const piped = ['sign', '-', '--client', '--ca', 'people'];
    const taken = await run([...piped, '--ca-password-stdin'], { input: pem });
    expect(twoLines(taken).error).toContain('standard input cannot be the file and the passphrase');
    const signed = await run([...piped, '--ca-password-file', file], { input: pem });
    expect(signed.stdout).toMatch(/^-----BEGIN CERTIFICATE-----/);
    const both = ['--format', 'p12', '--password-stdin', '--ca-password-stdin'];
    expect(twoLines(await run([...ada, ...both])).error).toBe(
      'standard input cannot be two passwords at once',
    );
  });

  test('an umlaut opens the key in either form of Unicode', async () => {
    const { run } = freshHome();
    const create = ['ca', 'create', 'people', '--clients-only', '--passphrase'];
    const [composed, decomposed] = ['K\u00e4se und Brot', 'Ka\u0308se und Brot'];
    await run([...create, '--ca-password-env', 'CA'], { env: { CA: decomposed } });
    for (const CA of [composed, decomposed])
      expect(
        await run([...ada, '--force', '--ca-password-env', 'CA'], { env: { CA } }),
      ).toMatchObject({ status: 0 });
  });
});

describe('devcert ca protect and unprotect', () => {
  test('there and back, told by list, show and --json', async () => {
    const { run, state, file } = await encrypted();
    const secret = ['--ca-password-file', file];
    expect((await run(['ca', 'list'])).stdout).toMatch(/people +clients +p256 +encrypted /);
    expect((await run(['ca', 'show', 'people'])).stdout).toContain(
      'in a file, encrypted: its passphrase opens it',
    );
    const open = await run(['ca', 'unprotect', 'people', ...secret]);
    expect(open).toMatchObject({ status: 0, stderr: '' });
    expect(open.stdout).toContain(`Decrypted ${KEY}`);
    expect(openKeysIn(state)).toEqual(['authorities/people/issuer-key.pem']);
    expect(twoLines(await run(['ca', 'unprotect', 'people'])).error).toBe(
      `${KEY} is not encrypted`,
    );

    const kept = await run(['ca', 'protect', 'people', '--keep-key', ...secret]);
    expect(kept.status).toBe(0);
    expect(kept.stderr).toContain('the key lay open until now');
    expect(kept.stdout).not.toContain('Protected');
    expect((await run(['ca', 'show', 'people'])).stdout).toContain('backups may have it');

    const root = JSON.parse((await run(['ca', 'show', 'people', '--json'])).stdout) as object;
    const replaced = await run(['ca', 'protect', 'people', ...secret]);
    expect(replaced.status).toBe(0);
    expect(replaced.stdout).toContain('Protected: to issue, devcert asks for the passphrase');
    const told = JSON.parse((await run(['ca', 'show', 'people', '--json'])).stdout) as object;
    expect(told).toMatchObject({
      keeping: { way: 'passphrase', wasOpen: false },
      earlierRoots: [],
    });
    expect(told).not.toMatchObject({ root: (root as { root: string }).root });
    expect(openKeysIn(state)).toEqual([]);
  });

  test('--help names every way to give the passphrase', async () => {
    const { run } = freshHome();
    for (const args of [
      ['ca', 'protect'],
      ['ca', 'unprotect'],
      ['sign'],
      ['mtls'],
      ['install'],
      ['renew'],
    ]) {
      const { stdout } = await run([...args, '--help']);
      for (const flag of ['file', 'env', 'stdin'])
        expect(stdout).toContain(`--ca-password-${flag}`);
    }
  });
});

describe('protectLines()', () => {
  const plain = { good: String, bad: String, dim: String };
  const result = {
    ...{
      name: 'default',
      commonName: 'devcert root',
      chain: [],
      usages: [],
      notAfter: new Date(0),
    },
    ...{
      keeping: { way: 'passphrase', wasOpen: false },
      replaced: true,
      outcomes: [],
      renewed: [],
    },
    earlierRoots: [],
  } as unknown as ReplaceResult;

  test('says "Protected" only when no earlier root is left in a store', () => {
    expect(protectLines(result, plain).join('\n')).toContain('Protected: ');
    const left = protectLines({ ...result, earlierRoots: ['ab'.repeat(32)] }, plain).join(' ');
    expect(left).toContain('Not protected yet: ');
    expect(left).not.toContain('Protected: ');
    const failed = { ...result, replaced: false, keeping: { way: 'file' as const } };
    const outcome = { kind: 'system', store: 'Debian', location: '', status: 'failed' } as const;
    expect(protectLines({ ...failed, outcomes: [outcome] }, plain)[0]).toContain('Kept the old');
  });

  test('keepingText() tells of earlier roots, too', () => {
    expect(keepingText({ way: 'passphrase', wasOpen: false }, ['ab'])).toBe(
      'in a file, encrypted: its passphrase opens it; an earlier root may still be trusted: devcert install',
    );
  });
});
