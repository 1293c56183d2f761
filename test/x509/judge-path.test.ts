import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { judgePath, type PathQuestion } from '../../src/x509/judge-path.ts';
import { holdsHost } from '../../src/x509/lint-names.ts';
import { buildPaths } from '../../src/x509/path.ts';
import { OID } from '../../src/x509/oids.ts';
import { chains, rootDer } from '../inspect/chains.ts';
import { oid, sequence } from '../../src/x509/der.ts';
import { extension } from '../helpers/csr.ts';
import { make, makeThree, now as then, type Made } from '../inspect/certificates.ts';

const now = new Date();

function refusals(ders: readonly Buffer[], question: PathQuestion): string[] {
  const found = judgePath(
    ders.map((der) => new X509Certificate(der)),
    question,
  );
  return found.filter(({ severity }) => severity === 'error').map(({ code }) => code);
}

describe('judgePath()', () => {
  // Those that fit the file, and a client refuses all the same: who asks for another host, above all.
  test.each(chains.map((it) => [it.title, it] as const))(
    'refuses what clients refuse: %s',
    (_, it) => {
      const [leaf, ...above] = it.chain.map((der) => new X509Certificate(der));
      if (leaf === undefined) throw new TypeError('no chain');
      const question: PathQuestion = { now, name: it.host, purpose: 'serverAuth' };
      const [codes = ['no path']] = buildPaths(leaf, above, [new X509Certificate(rootDer)]).map(
        (path) =>
          refusals(
            path.map(({ raw }) => raw),
            question,
          ),
      );
      if (it.refusedBy.length > 1) expect(codes).not.toEqual([]);
      if (it.codes.length === 0 && it.refusedBy.length === 0) expect(codes).toEqual([]);
    },
  );

  const { root, issuer, leaf } = makeThree();
  const path = [leaf, issuer, root].map(({ der }) => der);
  const good: PathQuestion = { now: then, name: 'localhost', purpose: 'serverAuth' };

  test('takes a good chain, for its name, purpose and time alone', () => {
    expect(refusals(path, good)).toEqual([]);
    expect(refusals(path, { ...good, name: 'other.test' })).toEqual(['name-mismatch']);
    expect(refusals(path, { ...good, purpose: 'clientAuth' })).toEqual(['no-client-purpose']);
    const late = new Date('2100-01-01');
    expect(refusals(path, { ...good, now: late })).toEqual(['expired', 'expired', 'expired']);
    const early = new Date('2000-01-01');
    expect(new Set(refusals(path, { ...good, now: early }))).toEqual(new Set(['not-yet-valid']));
  });

  test('an issuer for other purposes makes what it signs useless, whatever that says', () => {
    const mail = extensionOf([OID.emailProtection]);
    const other = make({ authority: true, endDays: 3000, more: [mail] }, root);
    const below = make({}, other);
    expect(
      refusals(
        [below, other, root].map(({ der }: Made) => der),
        good,
      ),
    ).toEqual(['issuer-purpose']);
  });

  test('a name outside the constraints of the root itself is refused, too', () => {
    const constraints = { dns: ['test'], ip: [] };
    const bounded = make({ authority: true, constraints, endDays: 3000 });
    const inside = make({ names: ['a.test'] }, bounded);
    const outside = make({ names: ['a.example'] }, bounded);
    expect(refusals([inside.der, bounded.der], { ...good, name: 'a.test' })).toEqual([]);
    expect(refusals([outside.der, bounded.der], { ...good, name: 'a.example' })).toEqual([
      'outside-constraints',
    ]);
  });
});

describe('holdsHost()', () => {
  const names = [
    { type: 'dns', value: 'A.test' },
    { type: 'dns', value: '*.app.test' },
    { type: 'dns', value: '*.localhost' },
    { type: 'dns', value: '10.0.0.1' },
    { type: 'ip', value: '127.0.0.1' },
    { type: 'ip', value: '::1' },
    { type: 'uri', value: 'b.test' },
  ] as const;
  test.each(['a.test', 'A.TEST.', 'x.app.test', '127.0.0.1', '[::1]', '0:0:0:0:0:0:0:1'])(
    'has %s',
    (host) => {
      expect(holdsHost(names, host)).toBe(true);
    },
  );
  test.each([
    'app.test',
    'y.x.app.test',
    'x.localhost',
    'localhost',
    '10.0.0.1',
    'b.test',
    '',
    '.app.test',
    '127.0.0.2',
  ])('has not "%s"', (host) => {
    expect(holdsHost(names, host)).toBe(false);
  });
});

function extensionOf(purposes: readonly string[]): Buffer {
  return extension(OID.extendedKeyUsage, sequence(...purposes.map((it) => oid(it))));
}
