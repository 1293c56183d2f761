import { describe, expect, test } from 'vitest';
import { buildPaths, issuerFinder } from '../../src/x509/path.ts';
import { make, type Made, makeThree } from '../inspect/certificates.ts';

const { root, issuer, leaf } = makeThree();
const oldRoot = make({ authority: true, subject: { commonName: 'old root' } });
const cross = make(
  { authority: true, subject: { commonName: 'test root' }, key: root.key },
  oldRoot,
);
const foreign = make({ authority: true });

function paths(start: Made, pool: readonly Made[], roots: readonly Made[]): Made[][] {
  const all = [start, ...pool, ...roots];
  const found = buildPaths(
    start.x509,
    pool.map(({ x509 }) => x509),
    roots.map(({ x509 }) => x509),
  );
  return found.map((path) =>
    path.flatMap((it) => all.find(({ x509 }) => x509.fingerprint256 === it.fingerprint256) ?? []),
  );
}

describe('buildPaths()', () => {
  test('finds the way up, whatever the order and whatever else is there', () => {
    expect(paths(leaf, [foreign, oldRoot, issuer, leaf], [root])).toEqual([[leaf, issuer, root]]);
  });

  test('finds none without the issuer, and none to a root of the same name with another key', () => {
    expect(paths(leaf, [], [root])).toEqual([]);
    expect(paths(leaf, [issuer], [foreign])).toEqual([]);
  });

  test('a certificate that is a root itself is a path of one', () => {
    expect(paths(root, [], [root])).toEqual([[root]]);
  });

  test('ends at the first root, also one that another signed', () => {
    expect(paths(leaf, [issuer, cross], [root, oldRoot])).toEqual([
      [leaf, issuer, root],
      [leaf, issuer, cross, oldRoot],
    ]);
    expect(paths(leaf, [cross, issuer], [oldRoot])).toEqual([[leaf, issuer, cross, oldRoot]]);
  });

  test('ends where authorities signed each other in a circle', () => {
    const one = make({ authority: true, subject: { commonName: 'one' } });
    const two = make({ authority: true, subject: { commonName: 'two' } }, one);
    const oneByTwo = make({ authority: true, subject: { commonName: 'one' }, key: one.key }, two);
    const start = make({}, two);
    expect(paths(start, [two, oneByTwo], [root])).toEqual([]);
    expect(paths(start, [two, oneByTwo], [one])).toEqual([[start, two, one]]);
  });

  test('gives up on a crowd of authorities that all have one name', () => {
    const crowd = Array.from({ length: 500 }, () => make({ authority: true }));
    expect(paths(leaf, [...crowd, issuer], [root]).length).toBeLessThanOrEqual(1);
    expect(paths(make({}, root), crowd, [root])).toHaveLength(1);
  });
});

describe('issuerFinder()', () => {
  test('finds those that signed, and never the certificate itself', () => {
    const find = issuerFinder([root, foreign, cross, issuer].map(({ x509 }) => x509));
    expect(find(issuer.x509)).toEqual([root.x509, cross.x509]);
    expect(find(root.x509)).toEqual([cross.x509]);
    expect(find(leaf.x509)).toEqual([issuer.x509]);
    expect(find(foreign.x509)).toEqual([]);
  });
});
