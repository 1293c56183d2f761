/** Chains against roots: every cause with its cure, and no false accept. */
import { describe, expect, test } from 'vitest';
import { parseName } from '../../src/names/names.ts';
import type { World } from '../../src/verify/causes.ts';
import type { VerdictInput } from '../../src/verify/input.ts';
import { verdict } from '../../src/verify/verdict.ts';
import { OID } from '../../src/x509/oids.ts';
import { oid, sequence } from '../../src/x509/der.ts';
import { make, type Made, makeThree, now } from '../inspect/certificates.ts';

const { root, issuer, leaf } = makeThree();

interface Options extends Partial<Omit<VerdictInput, 'sent' | 'roots' | 'name' | 'world'>> {
  readonly roots?: readonly Made[];
  readonly name?: string;
  readonly label?: string;
  readonly world?: Partial<World>;
  readonly system?: readonly Made[];
}

function judge(sent: readonly Made[], options: Options = {}) {
  const {
    roots = [root],
    name = 'localhost',
    label = 'devcert',
    world,
    system = [],
    ...rest
  } = options;
  return verdict({
    ...{ target: 'test', purpose: 'server', at: now, ...rest },
    sent: sent.map(({ der }) => der),
    ...(name === '' ? {} : { name: parseName(name, { client: true }) }),
    roots: { label, certificates: roots.map(({ x509 }) => x509) },
    world: (systemTrusts) => ({
      ...{ known: [], retired: [], isIssuedHere: () => false, systemTrusts },
      asked: { label, ca: 'default' },
      ...world,
    }),
    systemRoots: () => Promise.resolve(system.map(({ x509 }) => x509)),
  });
}

async function codes(sent: readonly Made[], options: Options = {}) {
  const { problems, isVerified, exitCode } = await judge(sent, options);
  expect(isVerified).toBe(problems.every(({ severity }) => severity === 'warning'));
  expect(exitCode === 0).toBe(isVerified);
  for (const { message, fix } of problems) expect([message, fix]).not.toContain('');
  return problems.map(({ code }) => code);
}

describe('verdict()', () => {
  test('a good chain is verified, and each step is told', async () => {
    const result = await judge([leaf, issuer]);
    expect(result).toMatchObject({
      isVerified: true,
      exitCode: 0,
      problems: [],
      name: 'localhost',
    });
    expect(result.path).toHaveLength(3);
    expect(result.steps.map(({ step, state }) => [step, state])).toEqual(
      ['certificates', 'chain', 'dates', 'purpose', 'name'].map((step) => [step, 'ok']),
    );
  });

  test('nothing sent is not verified', async () => {
    expect(await codes([])).toEqual(['no-certificate']);
  });

  test('what is no certificate is told, and nothing is verified', async () => {
    const junk = { ...leaf, der: Buffer.from('junk') };
    expect(await codes([junk, issuer])).toEqual(['damaged']);
    expect(await codes([leaf, junk, issuer])).toContain('damaged');
  });

  test('nobody is trusted without roots', async () => {
    expect(await codes([leaf, issuer], { roots: [] })).toEqual(['unknown-authority']);
    expect(await codes([leaf, issuer, root], { roots: [] })).toEqual(['unknown-authority']);
  });

  test('the name: exactly one of those in the SAN, never the common name', async () => {
    expect(await codes([leaf, issuer], { name: 'api.test' })).toEqual(['wrong-name']);
    expect(await codes([leaf, issuer], { name: '127.0.0.1' })).toEqual(['wrong-name']);
    const cn = make({ subject: { commonName: 'api.test' }, names: [] }, issuer);
    expect(await codes([cn, issuer], { name: 'api.test' })).toEqual(['no-names']);
    const ip = make({ names: ['127.0.0.1'], raw: true }, issuer);
    expect(await codes([ip, issuer], { name: '127.0.0.1' })).toContain('wrong-name');
    const star = make({ names: ['*.co.uk'], raw: true }, issuer);
    expect(await codes([star, issuer], { name: 'bank.co.uk' })).toContain('wrong-name');
  });

  test('dates, of the leaf and of who is above it; at any time that is asked for', async () => {
    const old = make({ startDays: -100, endDays: -1 }, issuer);
    expect(await codes([old, issuer])).toEqual(['expired']);
    const young = make({ startDays: 1 }, issuer);
    expect(await codes([young, issuer])).toEqual(['not-yet-valid']);
    const late = new Date(now.getTime() + 3300 * 86_400_000);
    expect(await codes([leaf, issuer], { at: late })).toContain('expired');
    const between = new Date(now.getTime() - 50 * 86_400_000);
    expect(await codes([old, issuer], { at: between })).toContain('not-yet-valid');
  });

  test('the purpose', async () => {
    expect(await codes([leaf, issuer], { purpose: 'client' })).toEqual(['wrong-purpose']);
    const client = make({ purposes: [OID.clientAuth] }, issuer);
    expect(await codes([client, issuer])).toContain('wrong-purpose');
    expect(await codes([client, issuer], { purpose: 'client' })).toEqual([]);
  });

  test('weak signatures and keys, names outside the constraints, unknown critical extensions', async () => {
    const rsaRoot = make({ authority: true, hash: 'sha1' });
    const sha1 = make({ hash: 'sha1' }, rsaRoot);
    expect(await codes([sha1], { roots: [rsaRoot] })).toContain('weak-signature');
    const narrow = make({
      ...{ authority: true, endDays: 3650 },
      constraints: { dns: ['test'], ip: [] },
    });
    expect(await codes([make({}, narrow)], { roots: [narrow] })).toContain('outside-constraints');
    const odd = make({ more: [critical('1.2.3.4')] }, issuer);
    expect(await codes([odd, issuer])).toContain('critical-extension');
  });

  test('a signer that is no authority', async () => {
    const signer = make({}, issuer);
    expect(await codes([make({}, signer), signer, issuer])).toContain('not-an-authority');
  });

  test('another order or strangers between them is a warning: the path is found', async () => {
    const stranger = make({ authority: true, subject: { commonName: 'stranger' } });
    expect(await codes([leaf, stranger, issuer])).toEqual(['chain-order']);
    expect(await codes([leaf, issuer, root])).toEqual([]);
    expect(await codes([issuer, leaf])).not.toEqual([]);
  });
});

describe('the cause of a chain that ends with nobody who is trusted', () => {
  const known = [{ name: 'default', root: root.x509, issuer: issuer.x509 }];
  const cause = async (sent: readonly Made[], options: Options) => {
    const { problems } = await judge(sent, options);
    return problems.find(({ step }) => step === 'chain');
  };

  test('the issuer of our own certificate is missing', async () => {
    expect(await cause([leaf], { world: { known } })).toMatchObject({
      code: 'missing-issuer',
      fix: expect.stringContaining('all of cert.pem') as string,
    });
  });

  test('the issuer of somebody else is missing', async () => {
    expect(await cause([leaf], {})).toMatchObject({ code: 'missing-issuer' });
  });

  test('another authority of ours, one that was replaced, and our own where others were asked', async () => {
    const other = makeThree();
    const people = [{ name: 'people', root: other.root.x509, issuer: other.issuer.x509 }];
    const sent = [other.leaf, other.issuer];
    expect(await cause(sent, { world: { known: [...known, ...people] } })).toMatchObject({
      code: 'other-authority',
      fix: 'check it against that one: --ca people',
    });
    const retired = [other.root.x509];
    expect(await cause(sent, { world: { known, retired } })).toMatchObject({
      code: 'old-authority',
      fix: 'devcert localhost, and restart the server',
    });
    const asked = { label: 'system', ca: 'default' };
    expect(
      await cause([leaf, issuer], { roots: [], label: 'system', world: { known, asked } }),
    ).toMatchObject({ code: 'other-authority', message: /not among the roots/ });
  });

  test('signed by itself; of the system; of mkcert, another devcert, a proxy, somebody', async () => {
    expect(await cause([make({})], {})).toMatchObject({ code: 'self-signed' });
    const chainOf = (organization: string) => {
      const subject = { organization, organizationalUnit: 'x' };
      const above = make({ authority: true, subject });
      return [make({}, above), above];
    };
    const system = chainOf('Public');
    expect(await cause(system, { system: system.slice(1) })).toMatchObject({
      code: 'system-authority',
      fix: 'check it against those: --roots system',
    });
    for (const [organization, code] of [
      ['mkcert development CA', 'mkcert'],
      ['devcert development CA', 'other-devcert'],
      ['Zscaler Inc.', 'proxy'],
      ['mitmproxy', 'proxy'],
      ['Example Corp', 'unknown-authority'],
    ] as const)
      expect(await cause(chainOf(organization), {})).toMatchObject({ code });
    expect(await cause(chainOf('mkcert development CA').slice(0, 1), {})).toMatchObject({
      code: 'mkcert',
    });
  });
});

function critical(type: string): Buffer {
  return sequence(oid(type), Buffer.from('0101ff', 'hex'), Buffer.from('04020500', 'hex'));
}
