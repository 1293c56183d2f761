/** What is neither certificate nor key that devcert reads is called what it is; a damaged certificate hides nothing else. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { foreignText } from '../../src/cli/inspect/format.ts';
import { DevcertError } from '../../src/errors.ts';
import { inspectFile } from '../../src/inspect/file.ts';
import { encodeJksKeyStore, encodeJksTrustStore } from '../../src/keystore/jks.ts';
import { OID } from '../../src/keystore/oids.ts';
import { encodePem } from '../../src/keystore/pem.ts';
import { encodePkcs12KeyStore, encodePkcs12TrustStore } from '../../src/keystore/pkcs12.ts';
import { readKeyStore } from '../../src/keystore/read.ts';
import { bitString, contextTag, ia5String, integer, oid, sequence } from '../../src/x509/der.ts';
import { pemFixtures } from './fixtures.ts';

const now = new Date('2026-05-10T12:00:00Z');
const around = { now, authorities: [] };
const password = 'changeit';
const leaf = new X509Certificate(pemFixtures.leaf);
const ca = new X509Certificate(pemFixtures.ca);
const key = createPrivateKey(pemFixtures.leafKey);
const decode = (text: string) => Buffer.from(text, 'base64');

const cms = (type: string) => sequence(oid(type), contextTag(0, true, sequence(integer(0))));
const keyInfo = leaf.publicKey.export({ type: 'spki', format: 'der' });
const ecdsa = sequence(oid('1.2.840.10045.4.3.2'));
const spkac = sequence(sequence(keyInfo, ia5String('x')), ecdsa, bitString(Buffer.alloc(8)));

describe('inspect names', () => {
  test.each([
    // openssl ts -query -data data -sha256, and with -cert -no_nonce
    [
      'a query for a timestamp',
      decode(
        'MEACAQEwMTANBglghkgBZQMEAgEFAAQgmOpuTyFvL7S2n/+bOkSELDhobKaF8/VdxIxdP7EQe+QCCENeu9qleFYH',
      ),
    ],
    [
      'a query for a timestamp',
      decode('MDkCAQEwMTANBglghkgBZQMEAgEFAAQgmOpuTyFvL7S2n/+bOkSELDhobKaF8/VdxIxdP7EQe+QBAf8='),
    ],
    ['a timestamp', sequence(sequence(integer(0)), cms(OID.signedData))],
    // openssl ocsp -issuer c.pem -cert c.pem -no_nonce -reqout FILE
    [
      'a request to an OCSP responder',
      decode(
        'MFUwUzBRME8wTTAJBgUrDgMCGgUABBR2s7b0COSn8ABrQwIRWV4XrWGtDwQUDIQ2aVlwyLFdHwExXvycTI69aaQCFH11c4DQpoEflEsZG9rvfUiLyxCa',
      ),
    ],
    // RFC 6960 2.3: unauthorized
    ['an answer of an OCSP responder', Buffer.from('30030a0106', 'hex')],
    ['a request by SPKAC', spkac],
    ['a request by SPKAC', Buffer.from(`SPKAC=${spkac.toString('base64')}\n`)],
    // ssh-keygen -k -f FILE id_ed25519.pub
    [
      'a revocation list of OpenSSH (KRL)',
      decode(
        'U1NIS1JMCgAAAAABAAAAAAAAAAAAAAAAawrBGAAAAAAAAAAAAAAAAAAAAAACAAAANwAAADMAAAALc3NoLWVkMjU1MTkAAAAg1JbxyVXqauOiZE4aABJeycO/h/ymXtgUUuCJXq5ixXk=',
      ),
    ],
    ['a CMS message that is encrypted for a certificate', cms(OID.envelopedData)],
    ['a CMS message that is encrypted for a certificate', cms(OID.authEnvelopedData)],
    ['a CMS message that is encrypted with a key', cms(OID.encryptedData)],
    [
      'a CMS message that is encrypted for a certificate',
      Buffer.from(encodePem('CMS', cms(OID.envelopedData))),
    ],
    // openssl cms -encrypt, -sign, -sign -nodetach: their first lines
    [
      'an encrypted mail (S/MIME)',
      Buffer.from(
        'MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"\nContent-Transfer-Encoding: base64\n\nMIIB\n',
      ),
    ],
    [
      'a signed mail (S/MIME)',
      Buffer.from(
        'MIME-Version: 1.0\nContent-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg="sha-256"; boundary="x"\n\nThis\n',
      ),
    ],
    [
      'a signed mail (S/MIME)',
      Buffer.from(
        'MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"\n\nMIIB\n',
      ),
    ],
  ])('%s', (what, bytes) => {
    const inspect = () => inspectFile({ file: 'file', bytes }, around);
    expect(inspect).toThrow(DevcertError);
    expect(inspect).toThrow(`cannot read ${what}`);
  });

  // keytool -genseckey -alias s -keyalg AES -keysize 256 -storetype PKCS12 -keystore FILE -storepass changeit
  const secret = decode(
    'MIIBlwIBAzCCAUEGCSqGSIb3DQEHAaCCATIEggEuMIIBKjCCASYGCSqGSIb3DQEHAaCCARcEggETMIIBDzCCAQsGCyqGSIb3DQEMCgEFoIHDMIHABgsqhkiG9w0BDAoBAqCBsASBrTCBqjBmBgkqhkiG9w0BBQ0wWTA4BgkqhkiG9w0BBQwwKwQUWl/Catkx9VLkopG+1r2pilQUKVECAicQAgEgMAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBCuxluoYDtaZY8buwWDDtgiBEByUrJ949BHU/4OP7iYpXQZsF7Z4QG/552US467ZoPhuAm/HRvbN6y1LIBfj29g//gZ7rTQRFxX7OQUZw4CrA8kMTYwEQYJKoZIhvcNAQkUMQQeAgBzMCEGCSqGSIb3DQEJFTEUBBJUaW1lIDE3OTU4NjY5MDUyMDEwTTAxMA0GCWCGSAFlAwQCAQUABCBR/fDuOjUmDh76jNSsDXuA/x8MuuG1aDlLdvHX7azBYwQUJ2RxQbp1RScXRgiZRko0D+Xbn5sCAicQ',
  );

  test('a PKCS#12 of nothing but secret keys, open and locked', () => {
    const open = inspectFile({ file: 'file', bytes: secret, password }, around);
    expect(open).toMatchObject({ kind: 'other', others: [{ kind: 'secret-key', detail: 's' }] });
    expect(open.others.map(foreignText)).toEqual([
      'secret key (s), which no certificate belongs to',
    ]);
    const locked = inspectFile({ file: 'file', bytes: secret }, around);
    expect(locked).toMatchObject({ kind: 'other', others: [{ kind: 'secret-key' }] });
  });
});

describe('a damaged certificate in a key store is named, and hides nothing else', () => {
  const bad = Buffer.from(ca.raw);
  bad[4] = 0x31; // SET where the certificate's own SEQUENCE belongs
  const entry = { key, certificates: [leaf.raw, bad, ca.raw], alias: 'web' };
  const trusted = [
    { certificate: bad, alias: 'old' },
    { certificate: ca.raw, alias: 'new' },
  ];
  const options = { password };

  test.each([
    ['JKS', encodeJksKeyStore(entry, password, now), 'web'],
    ['PKCS#12', encodePkcs12KeyStore(entry, options), undefined],
  ])('beside a key, in %s', (_, bytes, detail) => {
    const file = inspectFile({ file: 'file', bytes, password }, around);
    expect(file).toMatchObject({
      kind: 'key-store',
      keys: [{ certificate: 0, encrypted: false }],
      others: [{ kind: 'damaged-entry', detail }],
    });
    expect(file.certificates).toHaveLength(2);
    const told = file.problems.filter(({ code }) => code === 'damaged');
    expect(told).toHaveLength(1);
    // Who wants the key gets an error.
    expect(() => readKeyStore(bytes, { password })).toThrow('cannot read a certificate');
  });

  test.each([
    ['JKS', encodeJksTrustStore(trusted, password, now)],
    ['PKCS#12', encodePkcs12TrustStore(trusted, options)],
  ])('in a trust store, in %s', (_, bytes) => {
    const file = inspectFile({ file: 'file', bytes, password }, around);
    expect(file).toMatchObject({
      kind: 'trust-store',
      certificates: [{ alias: 'new' }],
      others: [{ kind: 'damaged-entry', detail: 'old' }],
    });
    expect(file.others.map(foreignText)).toEqual(['certificate (old), damaged']);
    const message = 'in the entry "old": cannot read a certificate: it is damaged';
    expect(file.problems).toContainEqual(expect.objectContaining({ message }));
  });

  test('alone it is an error', () => {
    const bytes = encodeJksTrustStore([{ certificate: bad, alias: 'old' }], password, now);
    expect(() => inspectFile({ file: 'file', bytes, password }, around)).toThrow(
      'cannot read a certificate: it is damaged',
    );
  });
});
