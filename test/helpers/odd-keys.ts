/** Keys of kinds that devcert makes none of, and what only looks like one. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import {
  bitString,
  boolean,
  contextTag,
  integer,
  octetString,
  oid,
  sequence,
} from '../../src/x509/der.ts';

type Kind = 'rsa' | 'rsa-pss' | 'ec' | 'ed25519' | 'ed448';

/** A new private key. Decoded, for the reason that `generateKey()` in src/keys.ts has. */
export function oddKey(kind: Kind, options: object = {}): KeyObject {
  const generate = generateKeyPairSync as unknown as (
    kind: Kind,
    options: object,
  ) => { privateKey: string };
  const { privateKey } = generate(kind, {
    ...options,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return createPrivateKey(privateKey);
}

/** id-ecPublicKey (RFC 5480 2.1.1). */
export const EC_KEY = '1.2.840.10045.2.1';
/** Its OID, DER. */
export const P256 = oid('1.2.840.10045.3.1.7');
/** Hex. */
export const P256_ORDER = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';

/** An EC private key (RFC 5915) with any number on any curve, DER. */
export function sec1(number: Buffer, curve = P256): Buffer {
  return sequence(integer(1), octetString(number), contextTag(0, true, curve));
}

/** The same as PKCS#8. */
export function pkcs8(number: Buffer, curve = P256): Buffer {
  const key = octetString(sec1(number, curve));
  return sequence(integer(0), sequence(oid(EC_KEY), curve), key);
}

const hex = (text: string) => Buffer.from(text, 'hex');

/** P-256 spelled out: SpecifiedECDomain, SEC 1 C.2. @param basePoint another one than that of P-256. */
export const spelledOutWith = (basePoint: Buffer): Buffer =>
  sequence(
    integer(1),
    sequence(
      oid('1.2.840.10045.1.1'),
      integer(hex('00ffffffff00000001000000000000000000000000ffffffffffffffffffffffff')),
    ),
    sequence(
      octetString(hex('ffffffff00000001000000000000000000000000fffffffffffffffffffffffc')),
      octetString(hex('5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b')),
    ),
    octetString(basePoint),
    integer(hex(`00${P256_ORDER}`)),
    integer(1),
  );

/** P-256 itself, spelled out. */
export const spelledOut = spelledOutWith(
  hex(
    '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296' +
      '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
  ),
);

/** Parameters of RSA-PSS (RFC 4055 3.1) that OpenSSL reads late or never. */
export const badPssParameters: readonly Buffer[] = [
  sequence(contextTag(2, true, integer(Buffer.alloc(9, 0x7f)))),
  sequence(contextTag(2, true, integer(hex('ff')))),
  sequence(contextTag(0, true, sequence(oid('1.2.3')))),
  sequence(contextTag(3, true, integer(9))),
  octetString(Buffer.alloc(3)),
];

/** An RSA key as one for RSA-PSS with these parameters: PKCS#8 and SubjectPublicKeyInfo, DER. */
export function pssKey(
  rsa: KeyObject,
  parameters: Buffer,
): { privateKey: Buffer; publicKey: Buffer } {
  const algorithm = sequence(oid('1.2.840.113549.1.1.10'), parameters);
  const inner = rsa.export({ type: 'pkcs1', format: 'der' });
  const publicKey = createPublicKey(rsa).export({ type: 'pkcs1', format: 'der' });
  return {
    privateKey: sequence(integer(0), algorithm, octetString(inner)),
    publicKey: sequence(algorithm, bitString(publicKey)),
  };
}

/** id-dsa (RFC 3279 2.3.2). */
const DSA = '1.2.840.10040.4.1';

const dsaParameters = sequence(integer(23), integer(11), integer(4));

/** DSA public keys, DER, whose parameters are missing, too few, or none, and whose number is none. */
export const oddDsaKeys: readonly Buffer[] = [
  ...[undefined, octetString(Buffer.of(1)), sequence(), sequence(integer(1), integer(1))].map(
    (parameters) => sequence(sequence(oid(DSA), parameters), bitString(integer(7))),
  ),
  ...[octetString(Buffer.of(7)), boolean(true), hex('0201f9')].map((number) =>
    sequence(sequence(oid(DSA), dsaParameters), bitString(number)),
  ),
];
