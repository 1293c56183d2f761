/** The statements of statements.ts that no other test is named for, and that each is held by some test. */
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { identityOf } from '../src/authority/identity.ts';
import { createAuthority } from '../src/authority/create.ts';
import { readAuthority } from '../src/authority/authority.ts';
import { loadAuthority } from '../src/authority/folder.ts';
import { issueLeaf } from '../src/certificate/issue.ts';
import { defaultConstraints } from '../src/names/constraints.ts';
import { DevcertError } from '../src/errors.ts';
import { parseName, parseNames } from '../src/names/names.ts';
import { parseLeafRequest } from '../src/names/request.ts';
import { OID } from '../src/x509/oids.ts';
import { readExtensions } from '../src/x509/read.ts';
import { seenMode } from './helpers/can.ts';
import { freshHome, twoLines } from './helpers/cli.ts';
import { issueFor, makeAuthority } from './helpers/forge.ts';
import { run } from './helpers/run.ts';
import { temporaryFolder } from './helpers/host.ts';
import { STATEMENTS } from './statements.ts';

const now = new Date('2026-11-24T12:00:00Z');

describe('statement', () => {
  test('4: key and certificate that do not fit, encrypted and foreign keys are told clearly', async () => {
    const one = await createAuthority('a@b', undefined, now);
    const other = await createAuthority('a@b', undefined, now);
    const encrypted =
      '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n';
    const cases = [
      [{ ...one, issuerKey: other.issuerKey }, 'is not the key of issuer.pem'],
      [{ ...one, issuer: other.issuer }, 'is not the key of issuer.pem'],
      [{ ...one, root: other.root }, 'is not signed by root.pem'],
      [{ ...one, issuerKey: encrypted }, 'is encrypted'],
      [{ ...one, issuerKey: 'garbage' }, 'is not a private key'],
      [{ ...one, root: 'garbage' }, 'is not a certificate'],
    ] as const;
    for (const [pem, message] of cases) expect(() => readAuthority(pem, '/state')).toThrow(message);
    await expect(loadAuthority(temporaryFolder())).rejects.toMatchObject({ code: 'no-authority' });
  });

  test('5: a root.pem that is not a CA is refused', async () => {
    const authority = await makeAuthority(now);
    const leaf = await issueFor(authority, ['localhost'], {}, now);
    const { run, state } = freshHome();
    await run([]);
    writeFileSync(join(state, 'root.pem'), leaf.certificate.toString());
    const ran = await run(['--force']);
    expect(ran.status).toBe(1);
    expect(twoLines(ran).error).toContain('not a CA');
    expect((await run(['install', '--dry-run'])).status).toBe(1);
  });

  test('10, 11: one name has one spelling, in lower case, once', () => {
    const names = parseNames(['BÜCHER.test', 'bücher.test', 'API.Test', 'api.test']);
    expect(names.map(({ value }) => value)).toEqual(['xn--bcher-kva.test', 'api.test']);
  });

  test.each(['a..b', `${'a'.repeat(64)}.test`, `${'a.'.repeat(130)}test`, 'a-.test', '256.1.1.1'])(
    '12: %j is refused',
    (name) => {
      expect(() => parseName(name)).toThrow(DevcertError);
    },
  );

  test('13: a URL is refused, and the name inside it is the hint', () => {
    const refused = () => parseName('http://localhost:3000');
    expect(refused).toThrow(expect.objectContaining({ hint: "'localhost'" }) as Error);
    expect(refused).toThrow(
      expect.toSatisfy((error: DevcertError) => {
        return DevcertError.typed(error).hint === 'devcert localhost';
      }) as Error,
    );
  });

  test('14: an IPv6 address in any spelling is one name; a trailing dot goes; a zone id is refused', () => {
    const names = parseNames(['[::1]', '::1', '0:0:0:0:0:0:0:1', 'a.test.', 'a.test']);
    expect(names.map(({ value }) => value)).toEqual(['::1', 'a.test']);
    expect(() => parseName('fe80::1%eth0')).toThrow(/zone id/);
  });

  test('16: a wildcard directly under a top-level name is refused, one below it is not', () => {
    for (const name of ['*.test', '*.localhost'])
      expect(() => parseName(name)).toThrow(
        expect.objectContaining({ hint: expect.stringContaining('*.app.') as string }) as Error,
      );
    expect(parseName('*.a.test').value).toBe('*.a.test');
  });

  test('7: a leaf never outlives its issuer', async () => {
    const authority = await makeAuthority(now);
    const late = new Date(Date.parse(authority.issuer.validTo) - 5 * 86_400_000);
    const leaf = await issueFor(authority, ['localhost'], { days: 825 }, late);
    expect(leaf.certificate.validTo).toBe(authority.issuer.validTo);
  });

  test.each([
    [undefined, 398],
    [30, 31],
    [824, 825],
    [825, 825],
  ])('7: a leaf of %s days is valid for %i, with its first and last second', async (days, most) => {
    const authority = await makeAuthority(now);
    const { certificate } = await issueFor(authority, ['localhost'], days ? { days } : {}, now);
    const { validFrom, validTo } = certificate;
    expect((Date.parse(validTo) - Date.parse(validFrom)) / 1000 + 1).toBe(most * 86_400);
  });

  test('17: output names are fixed, whatever the certificate’s names are', async () => {
    const { run } = freshHome();
    const ran = await run(['*.app.test', '::1', '--json']);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      certFile: expect.stringMatching(/\.devcert[/\\]cert\.pem$/) as string,
    });
  });

  test('18: the key ends up 0600 even over a file that was 0666', async () => {
    const { run, project } = freshHome();
    await run([]);
    const key = join(project, '.devcert/key.pem');
    chmodSync(key, 0o666);
    expect((await run(['other.test'])).status).toBe(0);
    expect(statSync(key).mode & 0o777).toBe(seenMode(0o600));
  });

  test('23: an elliptic curve leaf has no keyEncipherment, an RSA one has', async () => {
    const authority = await makeAuthority(now);
    const usage = async (key: string, client = false) => {
      const names = client ? ['alice'] : ['localhost'];
      const { certificate } = await issueFor(authority, names, { key, client }, now);
      return readExtensions(certificate.raw)
        .find(({ type }) => type === OID.keyUsage)
        ?.value.toString('hex');
    };
    expect(await usage('p256')).toBe('03020780'); // digitalSignature
    expect(await usage('p384')).toBe('03020780');
    expect(await usage('rsa2048')).toBe('030205a0'); // and keyEncipherment
    // A client never has a key sent to it: RFC 5280 4.2.1.12 has no keyEncipherment beside clientAuth.
    expect(await usage('rsa2048', true)).toBe('03020780');
  });

  test('24: leaf and chain pass openssl verify -x509_strict; the AKI is the issuer’s SKI', async () => {
    const folder = temporaryFolder();
    const authority = await makeAuthority();
    const leaf = await issueFor(authority, ['localhost', 'api.test', '10.0.0.1']);
    writeFileSync(join(folder, 'ca.pem'), authority.rootPem);
    writeFileSync(join(folder, 'cert.pem'), leaf.certPem);
    const verify = ['verify', '-x509_strict', '-CAfile', join(folder, 'ca.pem')];
    const cert = join(folder, 'cert.pem');
    // macOS has LibreSSL under that name, Windows perhaps nothing.
    const isOpenssl = (await run('openssl', ['version'])).output.startsWith('OpenSSL');
    const { output } = await run('openssl', [...verify, '-untrusted', cert, cert]);
    if (isOpenssl) expect(output).toContain('OK');
    const extension = (certificate: X509Certificate, type: string) =>
      readExtensions(certificate.raw).find((extension) => extension.type === type);
    const ski = extension(authority.issuer, OID.subjectKeyIdentifier)?.value.subarray(2);
    expect(extension(leaf.certificate, OID.authorityKeyIdentifier)?.value.subarray(4)).toEqual(ski);
    const critical = (certificate: X509Certificate) =>
      readExtensions(certificate.raw)
        .filter(({ critical }) => critical)
        .map(({ type }) => type);
    expect(critical(leaf.certificate)).toEqual([OID.basicConstraints, OID.keyUsage]);
    for (const certificate of [authority.root, authority.issuer])
      expect(critical(certificate)).toEqual([
        OID.basicConstraints,
        OID.keyUsage,
        OID.nameConstraints,
      ]);
  });

  test('31: issuing runs no other program, so none can break it', async () => {
    const { run } = freshHome();
    const ran = await run(['localhost'], {
      env: { PATH: '/nonexistent', JAVA_HOME: '/nonexistent' },
    });
    expect(ran.status).toBe(0);
  });

  test.each([
    ['ada', 'engine', 'ada@engine'],
    ['DOMAIN\\ada', 'engine', 'ada@engine'],
    ['ada (admin)', 'the\u0000engine\n', 'ada (admin)@theengine'],
    ['\ud800ada', 'mäc', 'ada@mäc'],
    ['', '', 'user@host'],
    ['x'.repeat(100), 'y'.repeat(100), 'x'.repeat(40)],
    ['😀'.repeat(60), 'h', '😀'.repeat(40)],
  ])('41: user %j on host %j makes a valid certificate', async (user, hostname, identity) => {
    expect(identityOf(user, hostname)).toBe(identity);
    const constraints = defaultConstraints(hostname);
    const authority = readAuthority(
      await createAuthority(identityOf(user, hostname), constraints, now),
      'x',
    );
    const leaf = await issueLeaf(authority, parseLeafRequest([]), identityOf(user, hostname), now);
    const name = new X509Certificate(authority.rootPem).subject
      .split('\n')
      .find((it) => it.startsWith('CN='));
    expect(Array.from(name?.slice(3) ?? '').length).toBeLessThanOrEqual(64);
    expect(name).toMatch(/ [0-9a-f]{8}$/);
    expect(leaf.certificate.verify(authority.issuer.publicKey)).toBe(true);
  });
});

test('every statement is named by the title of a test', () => {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' });
  const texts = files
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'));
  const titles = texts.flatMap((text) => [
    ...text.matchAll(/\(statements? ([\d, and]+)\)/g),
    ...text.matchAll(/^ +(?:test\(|\]\)\(|\()?'([\d, ]+): /gm),
  ]);
  const named = new Set(titles.flatMap(([, list = '']) => (list.match(/\d+/g) ?? []).map(Number)));
  const all = Object.keys(STATEMENTS).map(Number);
  expect([...named].sort((a, b) => a - b)).toEqual(all);
  expect(all).toHaveLength(41);
});

describe('bad circumstances', () => {
  test('a clock far off: told, with what to do', async () => {
    const { run } = freshHome();
    await run([]);
    const faketime = join(temporaryFolder(), 'clock.cjs');
    writeFileSync(
      faketime,
      `const real = Date; globalThis.Date = class extends real { constructor(...a) { super(...(a.length ? a : [real.parse(process.env.FAKE_NOW)])); } static now() { return real.parse(process.env.FAKE_NOW); } };`,
    );
    for (const [when, message] of [
      ['1999-01-01', 'clock says'],
      ['2050-01-01', 'the CA expired on'],
    ] as const) {
      const env = { NODE_OPTIONS: `--require ${faketime}`, FAKE_NOW: when };
      const ran = await run(['--force'], { env });
      expect([when, ran.status]).toEqual([when, 5]);
      expect(twoLines(ran).error).toContain(message);
    }
  });

  test('a state folder of somebody else’s files is left as it is', async () => {
    const { run, state } = freshHome();
    await run([]);
    const files = ['issuer.pem', 'issuer-key.pem'] as const;
    for (const file of files) {
      const original = readFileSync(join(state, file));
      writeFileSync(join(state, file), 'not ours');
      const ran = await run(['--force']);
      expect(ran.status).toBe(1);
      twoLines(ran);
      expect(readFileSync(join(state, file), 'utf8')).toBe('not ours');
      writeFileSync(join(state, file), original);
    }
    expect((await run(['--force'])).status).toBe(0);
  });
});
