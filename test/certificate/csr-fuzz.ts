/**
 * Damaged and hostile CSRs, alike for the same seed (keys and signatures are random): what is read has the signature of its own key
 * over exactly its contents, and what is granted is a plain leaf for well-formed names.
 */
import { createHash, verify } from 'node:crypto';
import { type GrantedCsr, grantCsr } from '../../src/certificate/csr-policy.ts';
import { generateKey, keyTypeOf, publicKeyDer } from '../../src/keys.ts';
import { parseName } from '../../src/names/names.ts';
import { fieldsOf, readElement } from '../../src/x509/asn1.ts';
import { decodeBits } from '../../src/x509/asn1-values.ts';
import { encodeCsr, readCsr } from '../../src/x509/csr.ts';
import { bitString, boolean, contextTag, nullValue, oid, sequence } from '../../src/x509/der.ts';
import { OID } from '../../src/x509/oids.ts';
import { encodeSubject } from '../../src/x509/subject.ts';
import { csrInfo, extension, extensionRequest, sealCsr } from '../helpers/csr.ts';
import { fuzz, type FuzzResult, mutate, nest, pick, type Random } from '../helpers/fuzz.ts';
import { oddKey } from '../helpers/odd-keys.ts';

/** Reads and grants `count` CSRs. Throws for the first one that crashes, hangs, or gets what it should not. */
export function fuzzCsrs(count: number, seed: number): FuzzResult {
  return fuzz(count, seed, (random) => {
    const bytes = nextCsr(random);
    const client = random(2) === 0;
    return {
      bytes,
      read: () => {
        const csr = readCsr(bytes);
        assertGenuine(bytes, publicKeyDer(csr.publicKey));
        assertHarmless(grantCsr(csr, { client }), client);
      },
    };
  });
}

const key = generateKey('p256');
// The parts of one that devcert and OpenSSL make, and of what no policy should grant.
const names = ['localhost', 'api.test', '*.app.test', '127.0.0.1', '::1'].map((it) =>
  parseName(it),
);
const keys = [
  key,
  generateKey('p384'),
  generateKey('rsa2048'),
  oddKey('ed25519'),
  oddKey('rsa', { modulusLength: 1024 }),
  oddKey('ec', { namedCurve: 'secp256k1' }),
];
const whole = [
  encodeCsr(key, encodeSubject({ commonName: 'localhost' }), names),
  encodeCsr(generateKey('rsa2048'), encodeSubject({}), names),
];
const texts = [
  'localhost',
  '*.test',
  '*',
  'google.com\0.test',
  '../../etc/passwd',
  '-rf',
  '$(reboot)',
  'a\nb',
  'xn--',
  'xn--80ak6aa92e.test',
  '256.1.1.1',
  '0x7f.1',
  'a'.repeat(300),
  'ada@corp.example',
  'spiffe://localhost/x',
  'javascript:alert(1)',
  '\u00e9.test',
  '',
];

function nextCsr(random: Random): Buffer {
  switch (random(6)) {
    case 0:
      return mutate(pick(whole, random), random, whole);
    case 1:
      return nest(random);
    case 2:
      return sealCsr(mutate(info(random), random, whole), { key });
    default:
      return sealCsr(info(random), { key });
  }
}

// A CertificationRequestInfo of whatever its parts come to.
function info(random: Random): Buffer {
  const some = <T>(make: () => T, most: number) => Array.from({ length: random(most + 1) }, make);
  const subject = encodeSubject({
    ...(random(4) === 0 ? { commonName: pick(texts, random) } : {}),
    ...(random(4) === 0 ? { organization: pick(texts, random) } : {}),
  });
  const lists = some(() => anyExtensions(random), random(4) === 0 ? 2 : 1);
  const attributes = lists.map((extensions) => extensionRequest(extensions));
  const publicKey = publicKeyDer(random(8) === 0 ? pick(keys, random) : key);
  return csrInfo({
    key,
    subject: random(8) === 0 ? mutate(subject, random, whole) : subject,
    publicKey,
    attributes,
  });
}

// Twice the same is refused, which would hide what comes behind: so it is rare.
function anyExtensions(random: Random): Buffer[] {
  const all = Array.from({ length: random(5) }, () => anyExtension(random));
  return random(8) === 0
    ? all.map(({ der }) => der)
    : [...new Map(all.map(({ type, der }) => [type, der])).values()];
}

function anyExtension(random: Random): { type: string; der: Buffer } {
  const [type, value] = pick<readonly [string, Buffer]>(
    [
      [OID.basicConstraints, sequence(boolean(true))],
      [OID.keyUsage, bitString(Buffer.of(0xff))],
      [OID.extendedKeyUsage, sequence(oid(OID.codeSigning), oid(OID.anyExtendedKeyUsage))],
      [OID.nameConstraints, sequence()],
      [OID.subjectAltName, alternativeNames(random)],
      [OID.subjectAltName, alternativeNames(random)],
      [OID.subjectAltName, alternativeNames(random)],
      ['1.2.3.4', nullValue()],
    ],
    random,
  );
  const content = random(8) === 0 ? mutate(value, random, whole) : value;
  return { type, der: extension(type, content, random(2) === 0) };
}

function alternativeNames(random: Random): Buffer {
  const list = Array.from({ length: 1 + random(4) }, () => {
    const tag = random(3) === 0 ? pick([1, 6, 7, 8], random) : 2;
    const text = random(10) === 0 ? pick(texts, random) : 'api.test';
    const content = tag === 7 ? Buffer.alloc(pick([4, 16, 5], random), 10) : Buffer.from(text);
    return contextTag(tag, false, content);
  });
  return sequence(...list);
}

/** Checked once more, by hand: the signature of the key inside over the bytes that were read. */
function assertGenuine(bytes: Buffer, spki: Buffer): void {
  const outer = fieldsOf(readElement(bytes));
  const signed = outer.next().raw;
  outer.next();
  const signature = decodeBits(outer.next()).bytes;
  const publicKey = { key: spki, format: 'der', type: 'spki' } as const;
  const hashes = ['sha256', 'sha384', 'sha512', null];
  const isGenuine = hashes.some((hash) => {
    try {
      return verify(hash, signed, publicKey, signature);
    } catch {
      return false; // not an algorithm for this key
    }
  });
  if (!isGenuine) throw new Error(`a forgery was accepted: ${sha256(bytes)}`);
}

function assertHarmless({ request }: GrantedCsr, client: boolean): void {
  const { usages, publicKey, commonName } = request;
  if (usages.join() !== (client ? 'clientAuth' : 'serverAuth')) throw new Error('another usage');
  if (!client && commonName !== undefined) throw new Error('a common name for a server');
  if (request.names.length === 0) throw new Error('no names');
  for (const name of request.names) {
    const again = parseName(name.value, { client });
    if (again.type !== name.type || again.value !== name.value) throw new Error('another name');
  }
  if (!['p256', 'p384', 'p521', 'ed25519', 'rsa2048'].includes(keyTypeOf(publicKey)))
    throw new Error('a weak key');
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
