/** A key with a chain of two issuers, made anew for every test file. */
import type { KeyObject } from 'node:crypto';
import type { KeyEntry } from '../../src/keystore/entries.ts';
import { generateKey, type KeyType } from '../../src/keys.ts';
import { keySigner } from '../../src/signer/key.ts';
import { signCertificate } from '../../src/x509/certificate.ts';
import { authorityConstraints, leafConstraints } from '../../src/x509/extensions.ts';
import { encodeSubject } from '../../src/x509/subject.ts';

const start = new Date('2026-01-01T00:00:00Z');
const end = new Date('2045-01-01T00:00:00Z');

/** Leaf, issuer and root, DER, with the leaf's key. */
export async function makeChain(keyType: KeyType = 'p256'): Promise<KeyEntry> {
  const keys = {
    root: generateKey('p256'),
    issuer: generateKey('p256'),
    leaf: generateKey(keyType),
  };
  const sign = (name: string, key: KeyObject, issuer: string, issuerKey: KeyObject) =>
    signCertificate(
      {
        issuer: encodeSubject({ commonName: issuer }),
        subject: encodeSubject({ commonName: name }),
        key,
        notBefore: start,
        notAfter: end,
        extensions: [name === 'leaf' ? leafConstraints() : authorityConstraints(1)],
      },
      keySigner(issuerKey),
    );
  return {
    key: keys.leaf,
    alias: 'test entry',
    certificates: [
      await sign('leaf', keys.leaf, 'issuer', keys.issuer),
      await sign('issuer', keys.issuer, 'root', keys.root),
      await sign('root', keys.root, 'root', keys.root),
    ],
  };
}
