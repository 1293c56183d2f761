import { describe, expect, test } from 'vitest';
import { readAuthority } from '../../src/authority/authority.ts';
import { type AuthorityPem, createAuthority } from '../../src/authority/create.ts';
import { encodeKeeping, type Keeping, parseKeeping } from '../../src/authority/keeping.ts';
import { decodePrivateKeyPem } from '../../src/keystore/private-key.ts';
import { issueLeaf } from '../../src/certificate/issue.ts';
import { parseLeafRequest } from '../../src/names/request.ts';
import { Keyring } from '../../src/signer/keyring.ts';
import { encodeEncryptedKey } from '../../src/keystore/encrypted-key.ts';

const now = new Date('2026-11-28T12:00:00Z');
const keepings: Keeping[] = [
  { way: 'file' },
  { way: 'sealed', names: ['api.test'] },
  { way: 'passphrase', wasOpen: true },
  { way: 'ssh-agent', fingerprint: 'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU' },
];

describe('parseKeeping()', () => {
  test.each(keepings)('reads what was written: %j', (keeping) => {
    expect(parseKeeping(encodeKeeping(keeping), '/state')).toEqual(keeping);
  });

  test.each([
    '{',
    'null',
    '[]',
    '"passphrase"',
    '{ "way": "file" }',
    '{ "way": "passphrase" }',
    '{ "way": "passphrase", "wasOpen": "no" }',
    '{ "way": "sealed", "names": "api.test" }',
    '{ "way": "ssh-agent" }',
    '{ "way": "another" }',
  ])('guesses nothing of %s', (text) => {
    expect(() => parseKeeping(text, '/state')).toThrow('keeping.json in "/state" is damaged');
  });
});

/** An authority whose key is encrypted. */
async function encrypted(): Promise<AuthorityPem> {
  const pem = await createAuthority('ada@engine', undefined, now);
  const key = decodePrivateKeyPem(pem.issuerKey);
  if (key === undefined) throw new Error('no key');
  return {
    ...pem,
    issuerKey: encodeEncryptedKey(key, 'correct horse'),
    keeping: encodeKeeping({ way: 'passphrase', wasOpen: false }),
  };
}

const keyring = (passphrase: string) =>
  new Keyring({ passphrase: () => Promise.resolve(passphrase) });

describe('an authority whose key is encrypted', () => {
  test('is read without its passphrase, and signs with it', async () => {
    const authority = readAuthority(await encrypted(), '/state');
    expect(authority.keeping).toEqual({ way: 'passphrase', wasOpen: false });
    const request = parseLeafRequest(['api.test']);
    await expect(issueLeaf(authority, request, 'a@b', now)).rejects.toMatchObject({
      code: 'password',
      message: 'the key of the CA "default" needs its passphrase',
    });
    await expect(
      issueLeaf(authority, request, 'a@b', now, keyring('wrong horse')),
    ).rejects.toMatchObject({ code: 'password' });
    const leaf = await issueLeaf(authority, request, 'a@b', now, keyring('correct horse'));
    expect(leaf.certificate.verify(authority.issuer.publicKey)).toBe(true);
  });

  test('is damaged if its key lies open, or is another one', async () => {
    const pem = await encrypted();
    const open = await createAuthority('ada@engine', undefined, now);
    for (const issuerKey of [open.issuerKey, pem.issuerKey + open.issuerKey])
      expect(() => readAuthority({ ...pem, issuerKey }, '/state')).toThrow(
        'issuer-key.pem in "/state" is open: it should be encrypted',
      );
    const other = readAuthority({ ...pem, issuerKey: (await encrypted()).issuerKey }, '/state');
    await expect(
      issueLeaf(other, parseLeafRequest(['api.test']), 'a@b', now, keyring('correct horse')),
    ).rejects.toThrow('issuer-key.pem in "/state" is not the key of issuer.pem');
  });

  test('is damaged without the record that says so', async () => {
    const pem = { ...(await encrypted()), keeping: undefined };
    expect(() => readAuthority(pem, '/state')).toThrow('issuer-key.pem in "/state" is encrypted');
  });
});
