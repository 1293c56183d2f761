/** Lists of revoked certificates: believed if they are of the issuer, signed, in date and whole, and not otherwise. */
import { X509Certificate } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generateKeyPair } from '../../src/keys.ts';
import { decodePem } from '../../src/keystore/pem.ts';
import { parseNames } from '../../src/names/names.ts';
import { DAY_MS } from '../../src/policy.ts';
import {
  crlPem,
  makeTestAuthority,
  signAs,
  type TestAuthority,
} from '../../src/testing/authority.ts';
import { signAtOnce } from '../../src/signer/key.ts';
import { createTestCa } from '../../src/testing/ca.ts';
import { revocationProblems } from '../../src/verify/revocation.ts';
import { signatureAlgorithm, signedDer } from '../../src/x509/certificate.ts';
import {
  boolean,
  contextTag,
  integer,
  octetString,
  oid,
  sequence,
  time,
} from '../../src/x509/der.ts';
import type { CrlFields } from '../../src/x509/crl-write.ts';
import { leafFields } from '../../src/x509/profiles.ts';
import { encodeSubject } from '../../src/x509/subject.ts';
import { freshHome } from '../helpers/cli.ts';

const now = new Date('2026-11-28T12:00:00Z');
const ca = makeTestAuthority('revoker', 'root', now);
const leaf = issue(ca);
const path = [leaf, ...[ca.issuerPem, ca.rootPem].map((pem) => new X509Certificate(pem))];

function issue({ issuedBy, key }: TestAuthority): X509Certificate {
  const fields = leafFields({
    issuedBy,
    subject: encodeSubject({ organization: 'leaf' }),
    key: generateKeyPair('p256').publicKey,
    names: parseNames(['api.test']),
    usages: ['serverAuth'],
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter: new Date(now.getTime() + DAY_MS),
  });
  return new X509Certificate(signAs(fields, key));
}

/** DER of a list that revokes the leaf, unless `changes` say otherwise. */
function list(changes: Partial<CrlFields> = {}, by = ca): Buffer {
  const fields: CrlFields = {
    issuedBy: ca.issuedBy,
    thisUpdate: new Date(now.getTime() - DAY_MS),
    nextUpdate: new Date(now.getTime() + DAY_MS),
    number: 1,
    revoked: [{ serialNumber: leaf.serialNumber, at: new Date('2026-11-20T00:00:00Z') }],
    ...changes,
  };
  return decodePem(crlPem(fields, by.key))[0]?.der ?? Buffer.alloc(0);
}

/** An empty list with this extension alone. */
function bareList(...extensions: Buffer[]): Buffer {
  const { hash, algorithm } = signatureAlgorithm('p256');
  const signed = sequence(
    ...[
      integer(1),
      algorithm,
      ca.issuedBy.subject,
      time(now),
      time(new Date(now.getTime() + DAY_MS)),
    ],
    extensions.length === 0 ? undefined : contextTag(0, true, sequence(...extensions)),
  );
  return signedDer(signed, algorithm, signAtOnce(ca.key, hash, signed));
}

const codes = (...crls: Buffer[]) => revocationProblems(path, crls, now).map(({ code }) => code);

describe('revocationProblems()', () => {
  test('finds what is revoked, by any list that can be believed', () => {
    expect(codes(list())).toEqual(['revoked']);
    expect(codes(list({ revoked: [] }))).toEqual([]);
    expect(codes(list({ revoked: [] }), list())).toEqual(['revoked']);
    expect(codes(list({ revoked: [{ serialNumber: '4242', at: now }] }))).toEqual([]);
    expect(revocationProblems(path, [list()], now)[0]?.message).toBe(
      'its CA revoked it on 2026-11-20',
    );
  });

  test('searches long lists to their end', () => {
    const revoked = Array.from({ length: 12_000 }, (_, index) => ({
      serialNumber: (0x40000000 + index).toString(16),
      at: now,
    }));
    expect(codes(list({ revoked }))).toEqual([]);
    const with_ = [...revoked, { serialNumber: leaf.serialNumber, at: now }];
    expect(codes(list({ revoked: with_ }))).toEqual(['revoked']);
  });

  test('does not know where no list can be believed', () => {
    const stranger = makeTestAuthority('revoker', 'root', now);
    const yesterday = new Date(now.getTime() - 1000);
    const unknown = ['revocation-unknown'];
    expect(codes()).toEqual(unknown);
    expect(codes(Buffer.from('no list'))).toEqual(unknown);
    expect(codes(list({ nextUpdate: yesterday }))).toEqual(unknown);
    expect(codes(list({ thisUpdate: new Date(now.getTime() + 1000) }))).toEqual(unknown);
    // Of another issuer, and in the name of ours by another key.
    expect(codes(list({ issuedBy: stranger.issuedBy }, stranger))).toEqual(unknown);
    expect(codes(list({ revoked: [] }, stranger))).toEqual(unknown);
    // The root revokes the issuer, if anybody does, not the leaf.
    expect(codes(decodePem(ca.rootCrl)[0]?.der ?? Buffer.alloc(0))).toEqual(unknown);
  });

  test('does not know by a list that is for a part of the certificates', () => {
    // issuingDistributionPoint, critical, onlyContainsCACerts (RFC 5280 5.2.5).
    const point = sequence(
      oid('2.5.29.28'),
      boolean(true),
      octetString(sequence(contextTag(2, false, Buffer.of(0xff)))),
    );
    expect(codes(bareList())).toEqual([]);
    expect(codes(bareList(point))).toEqual(['revocation-unknown']);
  });
});

describe('devcert verify --crl', () => {
  test('says revoked, for files and in every spelling', async () => {
    const { run, project } = freshHome();
    const own = createTestCa();
    const bad = own.revoked('api.test');
    mkdirSync(project, { recursive: true });
    writeFileSync(join(project, 'cert.pem'), bad.cert);
    writeFileSync(join(project, 'good.pem'), own.leaf('api.test').cert);
    writeFileSync(join(project, 'ca.pem'), own.cert);
    writeFileSync(join(project, 'crl.pem'), own.crl.join(''));
    writeFileSync(join(project, 'crl.der'), decodePem(own.crl[0] ?? '')[0]?.der ?? '');
    const verify = (file: string, ...more: string[]) =>
      run(['verify', file, '--roots', 'ca.pem', ...more]);
    expect((await verify('cert.pem')).status).toBe(0);
    for (const crl of ['crl.pem', 'crl.der']) {
      const { status, stdout } = await verify('cert.pem', '--crl', crl);
      expect([status, stdout]).toEqual([6, expect.stringContaining('Not verified: revoked')]);
      expect((await verify('good.pem', '--crl', crl)).status).toBe(0);
    }
    expect((await verify('cert.pem', '--crl', 'ca.pem')).stderr).toContain('there is no CRL in');
    expect((await verify('cert.pem', '--crl', 'none.pem')).stderr).toContain('there is no file');
    const unknown = await verify('cert.pem', '--crl', 'crl.pem', '--at', '2099-01-01', '--json');
    expect(unknown.stdout).toContain('"revocation-unknown"');
  });
});
