/**
 * Damaged key stores, the same ones for the same seed: whatever is thrown must be a DevcertError, in
 * good time, and what a MAC vouches for must be what was written.
 */
import { createHash } from 'node:crypto';
import { inspectLines } from '../../src/cli/inspect/lines.ts';
import { inspectFiles } from '../../src/inspect/together.ts';
import { digestOf } from '../../src/keystore/jks-format.ts';
import type { KeyStoreEntry } from '../../src/keystore/entries.ts';
import { encodeMac } from '../../src/keystore/pbe.ts';
import { encryptPbes2 } from '../../src/keystore/pbes2.ts';
import { decodePem, encodePem } from '../../src/keystore/pem.ts';
import { readKeyStore } from '../../src/keystore/read.ts';
import { contextTag, integer, octetString, oid, sequence } from '../../src/x509/der.ts';
import { fieldsOf, readElement, unwrap } from '../../src/x509/asn1.ts';
import { decodeOctets } from '../../src/x509/asn1-values.ts';
import { OID } from '../../src/keystore/oids.ts';
import { fuzz, type FuzzResult, mutate, nest, pick, type Random } from '../helpers/fuzz.ts';
import { make, makeThree, now } from '../inspect/certificates.ts';
import { fixtures, pemFixtures } from './fixtures.ts';

/** Reads `count` damaged files. Throws for the first one that crashes, hangs, or is a forgery. */
export function fuzzReaders(count: number, seed: number): FuzzResult {
  return fuzz(count, seed, (random) => {
    const { bytes, mayDiffer } = nextInput(random);
    const options = random(8) === 0 ? {} : { password: 'changeit' };
    return {
      bytes,
      read: () => {
        const store = readKeyStore(bytes, options);
        if (store.isVerified && !mayDiffer && !genuine.has(summaryOf(store.entries)))
          throw new Error('a forgery was accepted');
      },
    };
  });
}

/**
 * Has `inspect` tell of `count` damaged files, and certificates, and print it. Throws for the first one that
 * crashes or hangs, and for text from a file that could steer a terminal.
 */
export function fuzzInspect(count: number, seed: number): FuzzResult {
  return fuzz(count, seed, (random) => {
    const isCertificate = random(2) === 0;
    const bytes = isCertificate ? damagedCertificate(random) : nextInput(random).bytes;
    const options = random(4) === 0 ? {} : { password: 'changeit' };
    return {
      bytes,
      read: () => {
        const { files, relations } = inspectFiles([{ file: 'x', bytes, ...options }], around);
        JSON.stringify(files);
        for (const line of inspectLines({ files, relations, exitCode: 0 }, style))
          if (steering.test(line)) throw new Error('text from a file reached the terminal');
      },
    };
  });
}

const plain = (text: string) => text;
const style = { good: plain, bad: plain, dim: plain };
const steering = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069]/;
const three = makeThree({ names: ['localhost', '*.app.test', '127.0.0.1'] });
const constrained = make({
  authority: true,
  constraints: { dns: ['test'], ip: ['10.0.0.0/8', 'fc00::/7'] },
});
const certificates = [three.leaf, three.issuer, three.root, constrained].map(({ der }) => der);
const around = {
  now,
  authorities: [{ name: 'default', root: three.root.x509, issuer: three.issuer.x509 }],
};

function damagedCertificate(random: Random): Buffer {
  const count = 1 + random(3);
  const ders = Array.from({ length: count }, () => {
    const der = pick(certificates, random);
    return random(4) === 0 ? der : flip(der, random);
  });
  if (count === 1) return ders[0] ?? Buffer.alloc(0);
  return Buffer.from(ders.map((der) => encodePem('CERTIFICATE', der)).join(''));
}

// Mostly in place: then OpenSSL still takes it for a certificate, and what is in it gets read.
function flip(der: Buffer, random: Random): Buffer {
  if (random(4) === 0) return mutate(der, random, certificates);
  const bytes = Buffer.from(der);
  for (let left = 1 + random(3); left > 0; left--) bytes[random(bytes.length)] = random(256);
  return bytes;
}

// Written with one iteration each, or none: speed is what finds things. Java's writes 10,000.
const binary = Object.entries(fixtures)
  .filter(([name]) => name !== 'javaTrust')
  .map(([, bytes]) => bytes);
const text = Object.values(pemFixtures).map((it) => Buffer.from(it));
const safeContents = decodeOctets(contentOf(innerOf(fixtures.plain)));
const jks = [fixtures.jks, fixtures.jksTrust];

const genuine = new Set(
  binary.flatMap((bytes) => {
    try {
      return [summaryOf(readKeyStore(bytes, { password: 'changeit' }).entries)];
    } catch {
      return [summaryOf(readKeyStore(fixtures.empty).entries)]; // JCEKS, and the one without a password
    }
  }),
);

function summaryOf(entries: readonly KeyStoreEntry[]): string {
  const hash = createHash('sha256');
  for (const { kind, alias = '', key, certificates, trusted = false } of entries) {
    const secret = key?.export({ type: 'pkcs8', format: 'der' }) ?? '';
    hash.update(`${kind} ${alias} ${trusted}`).update(secret);
    for (const der of certificates) hash.update(der);
  }
  return hash.digest('hex');
}

function nextInput(random: Random): { bytes: Buffer; mayDiffer: boolean } {
  switch (random(8)) {
    case 0:
      return { bytes: mutate(pick(text, random), random, binary), mayDiffer: true };
    case 1: {
      const blocks = decodePem(pick(text, random));
      const damaged = blocks.map(({ label, der }) => encodePem(label, mutate(der, random, binary)));
      return { bytes: Buffer.from(damaged.join('')), mayDiffer: true };
    }
    case 2:
      return { bytes: seal(mutate(safeContents, random, binary)), mayDiffer: true };
    case 3: {
      const body = mutate(pick(jks, random).subarray(0, -20), random, binary);
      return { bytes: Buffer.concat([body, digestOf(body, 'changeit')]), mayDiffer: true };
    }
    case 4:
      return { bytes: nest(random), mayDiffer: true };
    default:
      return { bytes: mutate(pick(binary, random), random, binary), mayDiffer: false };
  }
}

// The contents damaged, encryption and MAC as they should be: what lies behind them is reached.
function seal(contents: Buffer): Buffer {
  const { algorithm, data } = encryptPbes2(contents, 'changeit', 1);
  const info = sequence(oid(OID.data), algorithm, contextTag(0, false, data));
  const encrypted = contextTag(0, true, sequence(integer(0), info));
  const safe = sequence(sequence(oid(OID.encryptedData), encrypted));
  const mac = encodeMac(safe, 'changeit', { hash: 'sha256', saltLength: 8, iterations: 1 });
  return sequence(integer(3), sequence(oid(OID.data), contextTag(0, true, octetString(safe))), mac);
}

// The content of a ContentInfo's [0].
function contentOf(contentInfo: Buffer) {
  const fields = fieldsOf(readElement(contentInfo));
  fields.next();
  return unwrap(fields.next());
}

// The last ContentInfo in the file: the one with the key, not encrypted in the fixture "plain".
function innerOf(file: Buffer): Buffer {
  const fields = fieldsOf(readElement(file));
  fields.next();
  const safe = readElement(decodeOctets(contentOf(fields.next().raw)));
  const last = [...safe.children()].at(-1);
  if (last === undefined) throw new RangeError('an empty file');
  return last.raw;
}
