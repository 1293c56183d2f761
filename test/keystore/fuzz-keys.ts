/**
 * Keys of every kind that OpenSSL makes, whole and damaged, through everything that asks something of a key.
 * Run in a child process: what Node aborts on is a failure then, not the end of the tests.
 */
import {
  createPublicKey,
  generateKeyPairSync,
  getCurves,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { keyTypeOf, publicKeyHash } from '../../src/keys.ts';
import { encodePem } from '../../src/keystore/pem.ts';
import { readKeyStore } from '../../src/keystore/read.ts';
import { keyDetails } from '../../src/x509/details.ts';
import { assertStrongKey } from '../../src/x509/judge.ts';
import { DevcertError } from '../../src/errors.ts';
import { octetString, oid, sequence } from '../../src/x509/der.ts';
import { fuzz, type FuzzResult, mutate, pick, type Random } from '../helpers/fuzz.ts';
import { EC_KEY, P256, pkcs8 } from '../helpers/odd-keys.ts';

interface Encoded {
  readonly kind: string;
  readonly privateKey: Buffer;
  readonly publicKey: Buffer;
}

const generate = generateKeyPairSync as unknown as (
  kind: string,
  options: object,
) => { privateKey: Buffer; publicKey: Buffer };

function encoded(kind: string, options: object, privateType = 'pkcs8'): Encoded[] {
  try {
    const { privateKey, publicKey } = generate(kind, {
      ...options,
      privateKeyEncoding: { type: privateType, format: 'der' },
      publicKeyEncoding: { type: 'spki', format: 'der' },
    });
    return [{ kind: privateType, privateKey, publicKey }];
  } catch {
    return []; // not a kind that this OpenSSL makes
  }
}

/** One of each. */
export function everyKind(): Encoded[] {
  return [
    ...[512, 1024, 2048].flatMap((modulusLength) => [
      ...encoded('rsa', { modulusLength }),
      ...encoded('rsa', { modulusLength }, 'pkcs1'),
      ...encoded('rsa', { modulusLength, publicExponent: 3 }),
    ]),
    ...encoded('rsa-pss', { modulusLength: 2048 }),
    ...encoded('rsa-pss', {
      ...{ modulusLength: 2048, hashAlgorithm: 'sha512', mgf1HashAlgorithm: 'sha1', saltLength: 9 },
    }),
    ...getCurves().flatMap((namedCurve) =>
      ['named', 'explicit'].flatMap((paramEncoding) => [
        ...encoded('ec', { namedCurve, paramEncoding }),
        ...encoded('ec', { namedCurve, paramEncoding }, 'sec1'),
      ]),
    ),
    ...['ed25519', 'ed448', 'x25519', 'x448'].flatMap((kind) => encoded(kind, {})),
    ...encoded('dsa', { modulusLength: 1024, divisorLength: 160 }),
    ...encoded('dh', { group: 'modp5' }),
    ...[0, 1, 32, 33, 115].map((length) => tooLarge(length)),
  ];
}

// Without its public half, a P-256 key whose number is far out of range is taken; then Node aborts on it.
function tooLarge(length: number): Encoded {
  const number = Buffer.alloc(length, 0xff);
  const publicKey = sequence(sequence(oid(EC_KEY), P256), octetString(number));
  return { kind: 'pkcs8', privateKey: pkcs8(number), publicKey };
}

const labels: Readonly<Record<string, string>> = {
  pkcs8: 'PRIVATE KEY',
  pkcs1: 'RSA PRIVATE KEY',
  sec1: 'EC PRIVATE KEY',
};

export interface KeysResult extends FuzzResult {
  /** How many kinds of keys OpenSSL made. */
  readonly kinds: number;
}

/** Every kind as it is, then `count` damaged ones, most of them in one byte. */
export function fuzzKeys(count: number, seed: number): KeysResult {
  const kinds = everyKind();
  const whole = kinds.flatMap(({ privateKey, publicKey }) => [privateKey, publicKey]);
  let index = 0;
  const result = fuzz(whole.length + count, seed, (random) => {
    const at = index++;
    const isWhole = at < whole.length;
    const chosen = isWhole ? at : random(whole.length);
    const der = whole[chosen] ?? Buffer.alloc(0);
    const damaged = isWhole
      ? der
      : random(4) === 0
        ? mutate(der, random, whole)
        : flip(der, random);
    const label = chosen % 2 === 1 ? 'PUBLIC KEY' : (labels[kinds[chosen >> 1]?.kind ?? ''] ?? '');
    const bytes = random(2) === 0 ? damaged : Buffer.from(encodePem(label, damaged));
    return {
      bytes,
      read: () => {
        for (const { key } of readKeyStore(bytes).entries) {
          if (key === undefined) continue;
          keyDetails(key);
          keyTypeOf(key);
          assertSound(key);
          publicKeyHash(key);
          judge(() => {
            assertStrongKey(key);
          });
        }
      },
    };
  });
  return { ...result, kinds: kinds.length };
}

// What Node aborts on, whoever asks, is never handed out, nor an EC key that signs for a public key of others.
function assertSound(key: KeyObject): void {
  if (key.asymmetricKeyType !== 'ec') return;
  if (key.asymmetricKeyDetails?.namedCurve === undefined && key.type === 'private')
    throw new Error('an accepted key names no curve');
  if (key.type === 'public') return;
  const message = Buffer.from('fuzz');
  if (!verify('sha256', message, createPublicKey(key), sign('sha256', message, key)))
    throw new Error('an accepted key does not sign for its public key');
}

// A weak key is an answer, not a refusal to read.
function judge(ask: () => void): void {
  try {
    ask();
  } catch (error) {
    if (!(error instanceof DevcertError) || error.code !== 'weak-key') throw error;
  }
}

// The number of an EC key (RFC 5915: version 1, then the number) out of range is what Node has aborted on.
function flip(der: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(der);
  const version = bytes.indexOf(Buffer.of(2, 1, 1, 4));
  if (version !== -1 && random(4) === 0) {
    const start = version + 5;
    return bytes.fill(pick([0, 0xff], random), start, start + (bytes[version + 4] ?? 0));
  }
  for (let left = 1 + random(2); left > 0; left--)
    bytes[random(bytes.length)] = pick([0, 1, 0x7f, 0x80, 0xff, random(256)], random);
  return bytes;
}
