/** Which names a certificate gets that nobody typed, and that none is lost in silence. */
import { readFileSync, writeFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freshHome, type Home, twoLines } from '../helpers/cli.ts';

function namesIn({ project }: Home): string[] {
  const { subjectAltName = '' } = new X509Certificate(
    readFileSync(join(project, '.devcert/cert.pem')),
  );
  return subjectAltName.split(', ').map((it) => it.replace(/^(DNS|URI|IP Address):/, ''));
}

describe('devcert without names', () => {
  test('is for localhost at first, and says how an address is added and who refuses it', async () => {
    const home = freshHome();
    const first = await home.run([]);
    expect(namesIn(home)).toEqual(['localhost']);
    expect(first.stderr).toContain(
      'note: for https://127.0.0.1, too: devcert --add 127.0.0.1 (Bun, gRPC and Erlang refuse',
    );
    expect((await home.run(['--add', '127.0.0.1'])).status).toBe(0);
    expect(namesIn(home)).toEqual(['localhost', '127.0.0.1']);
  });

  test('keeps the names of the pair that is there; others say what is lost', async () => {
    const home = freshHome();
    await home.run(['localhost', 'api.test', 'www.test']);
    expect((await home.run([])).stdout).toContain('is there already for localhost, api.test');
    expect((await home.run(['--force'])).status).toBe(0);
    expect(namesIn(home)).toEqual(['localhost', 'api.test', 'www.test']);
    const fewer = await home.run(['shop.test', 'www.test']);
    expect(fewer.stderr).toContain(
      'note: no longer in it: localhost, api.test; to have them, too: devcert --add localhost --add api.test\n',
    );
    expect((await home.run(['--add', 'localhost', '--add', 'api.test'])).status).toBe(0);
    expect(namesIn(home)).toEqual(['shop.test', 'www.test', 'localhost', 'api.test']);
    const lost = await home.run(['--remove', 'WWW.test', '--remove', 'api.test']);
    expect(lost.stderr).toContain('note: no longer in it: www.test, api.test\n');
    expect(namesIn(home)).toEqual(['shop.test', 'localhost']);
  });

  test('a client stays a client, with its common name', async () => {
    const home = freshHome();
    await home.run(['--client', 'alice', '--cn', 'alice']);
    await home.run(['--add', 'bob']);
    expect(namesIn(home).map((it) => it.replace(/.*\//, ''))).toEqual(['alice', 'bob']);
    const { subject, keyUsage } = new X509Certificate(
      readFileSync(join(home.project, '.devcert/cert.pem')),
    );
    expect(subject).toContain('CN=alice');
    expect(keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect((await home.run([])).stdout).toContain('A valid certificate is there already');
  });

  test('refuses names with --add, one that is not there, and to leave none', async () => {
    const { run } = freshHome();
    expect(twoLines(await run(['x.test', '--add', 'y.test'])).error).toBe(
      'NAMES and --add exclude each other',
    );
    await run(['x.test']);
    expect(twoLines(await run(['--remove', 'y.test'])).error).toBe(
      '"y.test" is not in the certificate',
    );
    expect(twoLines(await run(['--remove', 'x.test'])).error).toBe('no name would be left');
  });
});

describe('a project file', () => {
  test('says the names of a bare devcert; names that are typed count for more', async () => {
    const home = freshHome();
    writeFileSync(
      join(home.project, 'package.json'),
      '{"devcert": {"names": ["a.test", "b.test"], "key": "rsa2048"}}',
    );
    expect((await home.run([])).stdout).toContain('Issued a certificate for a.test, b.test');
    const { publicKey } = new X509Certificate(
      readFileSync(join(home.project, '.devcert/cert.pem')),
    );
    expect(publicKey.asymmetricKeyType).toBe('rsa');
    expect(twoLines(await home.run(['--add', 'c.test'])).hint).toBe(
      'change them there, then: devcert',
    );
    await home.run(['c.test']);
    expect(namesIn(home)).toEqual(['c.test']);
  });

  test('cannot have a foreign domain certified, nor permit it', async () => {
    const { run, project, state } = freshHome();
    writeFileSync(join(project, 'devcert.json'), '{"names": ["www.bank.com"]}');
    expect((await run([])).status).toBe(6);
    writeFileSync(join(project, 'devcert.json'), '{"names": ["a.test"], "permit": ["bank.com"]}');
    const ran = await run([]);
    expect(ran.status).toBe(1);
    expect(twoLines(ran).error).toContain('a project file cannot say "permit"');
    expect(() => readFileSync(join(state, 'root.pem'))).toThrow();
  });
});
