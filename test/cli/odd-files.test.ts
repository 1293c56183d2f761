/**
 * Keys and chains that have ended or stopped the process, through every command that reads such a file, named or
 * lying where devcert looks: data, or an error with two lines.
 */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generateKey, publicKeyDer } from '../../src/keys.ts';
import { encodePem } from '../../src/keystore/pem.ts';
import { contextTag, sequence } from '../../src/x509/der.ts';
import { OID } from '../../src/x509/oids.ts';
import { freshHome, type Home } from '../helpers/cli.ts';
import { buildCsr, DNS, extension, generalName } from '../helpers/csr.ts';
import { badPssParameters, oddKey, pkcs8, pssKey } from '../helpers/odd-keys.ts';
import { make, type Shape } from '../inspect/certificates.ts';

interface Odd {
  /** A leaf with this key, and an authority. */
  readonly cert: string;
  readonly ca: string;
  readonly key: string;
  readonly csr: string;
}

const odd: Readonly<Record<string, () => Odd>> = {
  'a number out of range': () => ({
    ...oddOf({}),
    key: encodePem('PRIVATE KEY', pkcs8(Buffer.alloc(115, 0xff))),
  }),
  'a curve spelled out': () =>
    oddOf({ key: oddKey('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }) }),
  ...Object.fromEntries(
    badPssParameters.slice(0, 2).map((parameters, index) => [
      `RSA-PSS with bad parameters, ${index + 1}`,
      () => {
        const { privateKey, publicKey } = pssKey(rsa, parameters);
        const made = oddOf({ key: rsa, publicKey });
        return { ...made, key: encodePem('PRIVATE KEY', privateKey) };
      },
    ]),
  ),
};

const rsa = generateKey('rsa2048');

function oddOf(shape: Shape): Odd {
  const leaf = make(shape);
  const publicKey = shape.publicKey ?? publicKeyDer(leaf.key);
  return {
    cert: leaf.pem,
    ca: make({ ...shape, authority: true }).pem,
    key: leaf.keyPem,
    csr: encodePem('CERTIFICATE REQUEST', buildCsr({ key: leaf.key, publicKey })),
  };
}

/** Files of every kind in the folder `odd`. */
function writeOdd(folder: string, { cert, ca, key, csr }: Odd): void {
  const files = { cert, ca, key, csr, both: cert + key, authority: ca + key };
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder, `${name}.pem`), text);
}

/** Runs all; each must end by itself, in seconds, without a stack, and say what to do where it did not work. @returns the exit code of each line. */
async function all(
  { run }: Home,
  lines: readonly string[],
): Promise<Record<string, number | null>> {
  const ended: Record<string, number | null> = {};
  for (const line of lines) {
    // On a machine that does nothing else it takes seconds. A hang ends by SIGKILL, an abort of Node by SIGABRT.
    const { status, signal, stdout, stderr } = await run(line.split(' '), { killAfterMs: 120_000 });
    expect({ line, signal }).toEqual({ line, signal: null });
    expect(stderr, line).not.toMatch(/^ +at /m);
    expect([0, 1, 2, 3, 4, 5, 6], `${line}: ${stderr}`).toContain(status);
    if (status !== 0) expect(stdout + stderr, line).toMatch(/hint: |devcert/);
    ended[line] = status;
  }
  return ended;
}

describe.each(Object.entries(odd))('%s:', (_, makeOdd) => {
  test('no command that takes a file dies, and none signs or imports it', async () => {
    const home = freshHome();
    writeOdd(join(home.project, 'odd'), makeOdd());
    writeFileSync(join(home.home, 'password'), 'long enough\n');
    const password = ['--password-file', join(home.home, 'password')].join(' ');
    await all(home, [
      'localhost',
      ...['key', 'cert', 'ca', 'csr', 'both'].map((name) => `inspect odd/${name}.pem`),
      'inspect odd/key.pem odd/cert.pem odd/ca.pem odd/csr.pem --json',
      'export --format der --cert-file odd/cert.pem --key-file odd/key.pem',
      `export --format p12 --cert-file odd/both.pem --key-file odd/both.pem ${password}`,
      'export --format key-der --dir odd',
      'recipe node --dir odd',
      'recipe nginx --client-certs --ca-file odd/ca.pem',
    ]);
    const taken = [
      'csr localhost --key-file odd/key.pem --out wish',
      'ca import odd/ca.pem --key odd/key.pem --name one',
      'ca import odd/authority.pem --name two',
      'ca import odd/cert.pem odd/key.pem --root odd/ca.pem --name three',
      'ca replace --import odd/authority.pem',
    ];
    for (const [line, status] of Object.entries(await all(home, taken)))
      expect([1, 6], line).toContain(status);
    await all(home, ['sign odd/csr.pem --out signed']);
  });

  test('in the place of a pair, of a set, of the authority, it ends no command', async () => {
    const home = freshHome();
    const made = makeOdd();
    await all(home, ['localhost', 'mtls api --client web', 'ca create people --clients-only']);
    const places = {
      '.devcert': ['cert', 'key', 'ca'],
      'api/server': ['cert', 'key'],
      'api/clients/web': ['key'],
    };
    for (const [folder, names] of Object.entries(places))
      for (const name of names)
        writeFileSync(join(home.project, folder, `${name}.pem`), made[name as keyof Odd]);
    await all(home, [
      'localhost',
      'localhost --force',
      'inspect',
      'export --format der',
      'recipe nginx',
      'mtls api --client web',
      'mtls check 127.0.0.1:1 --dir api',
      'mtls rotate --dir api',
    ]);
    const saved = `${home.state}-saved`;
    cpSync(home.state, saved, { recursive: true });
    for (const [file, content] of [
      ['issuer-key.pem', made.key],
      ['issuer.pem', made.ca],
      ['root.pem', made.ca],
      ['authorities/people/root.pem', made.ca],
    ] as const) {
      cpSync(saved, home.state, { recursive: true });
      writeFileSync(join(home.state, file), content);
      await all(home, [
        'status --stores nss',
        'other.test --out other',
        'ca show',
        'ca list',
        'ca export --file root.pem --force',
        'sign odd.csr',
        'uninstall --stores nss',
      ]);
    }
  });
});

describe('10,000 names under as many constraints:', () => {
  const of = (prefix: string) =>
    Array.from({ length: 9990 }, (_, index) => generalName(DNS, `${prefix}${index}`));
  const constraints = (names: readonly Buffer[]) =>
    extension(
      OID.nameConstraints,
      sequence(contextTag(0, true, Buffer.concat(names.map((it) => sequence(it))))),
      true,
    );
  const root = make({
    authority: true,
    endDays: 3000,
    more: [constraints(of('a').concat(generalName(DNS, 'test')))],
  });
  const issuer = make(
    {
      ...{ authority: true, endDays: 2000, subject: { commonName: 'issuer' } },
      more: [constraints(of('b').concat(generalName(DNS, 'api.test')))],
    },
    root,
  );
  const leaf = make(
    { names: [], more: [extension(OID.subjectAltName, sequence(...of('c')))] },
    issuer,
  );

  test('every command that reads the chain, or works with the authority, ends in seconds', async () => {
    const home = freshHome();
    const cert = leaf.pem + issuer.pem + root.pem;
    const csr = buildCsr({ extensions: [extension(OID.subjectAltName, sequence(...of('c')))] });
    writeOdd(join(home.project, 'odd'), {
      cert,
      ca: issuer.pem + root.pem,
      key: leaf.keyPem,
      csr: encodePem('CERTIFICATE REQUEST', csr),
    });
    writeFileSync(join(home.project, 'issuer-key.pem'), issuer.keyPem);
    const ended = await all(home, [
      'api.test',
      'inspect odd/cert.pem',
      'inspect odd/csr.pem',
      'export --format der --dir odd --out der',
      'recipe node --dir odd',
      'recipe nginx --client-certs --ca-file odd/ca.pem',
      'csr api.test --key-file odd/key.pem --out wish',
      'ca import odd/ca.pem --key issuer-key.pem --name many',
      'ca import odd/authority.pem --name wrong',
      'api.test --ca many --out many',
      'a.api.test outside.test --ca many --out outside',
      'sign odd/csr.pem --ca many --out refused',
      'sign wish/csr.pem --ca many --out signed',
      'ca show many',
      'ca list',
      'mtls set --ca many --host api.test --client web',
      'status --ca many --stores nss',
      'ca replace --import odd/ca.pem --key issuer-key.pem',
      'status --stores nss',
      'uninstall --stores nss',
    ]);
    expect(ended).toMatchObject({
      'inspect odd/cert.pem': 0,
      'ca import odd/ca.pem --key issuer-key.pem --name many': 0,
      'api.test --ca many --out many': 0,
      'a.api.test outside.test --ca many --out outside': 6,
      'sign wish/csr.pem --ca many --out signed': 0,
    });
  });
});
