/**
 * Damaged key stores, the same ones for the same seed: whatever is thrown must be a DevcertError, in
 * good time, and what a MAC vouches for must be what was written.
 */
import { createHash } from 'node:crypto';
import { DevcertError } from '../../src/errors.ts';
import { digestOf } from '../../src/keystore/jks-format.ts';
import type { KeyStoreEntry } from '../../src/keystore/entries.ts';
import { encodeMac, encryptPbes2 } from '../../src/keystore/pbe.ts';
import { decodePem, encodePem } from '../../src/keystore/pem.ts';
import { readKeyStore } from '../../src/keystore/read.ts';
import { contextTag, integer, octetString, oid, sequence } from '../../src/x509/der.ts';
import { fieldsOf, readElement, unwrap } from '../../src/x509/asn1.ts';
import { decodeOctets } from '../../src/x509/asn1-values.ts';
import { OID } from '../../src/keystore/oids.ts';
import { fixtures, pemFixtures } from './fixtures.ts';

/** What came of a run. */
export interface FuzzResult {
  readonly read: number;
  readonly refused: number;
  readonly slowestMs: number;
}

/** Reads `count` damaged files. Throws for the first one that crashes, hangs, or is a forgery. */
export function fuzzReaders(count: number, seed: number): FuzzResult {
  const random = randomNumbers(seed);
  const result = { read: 0, refused: 0, slowestMs: 0 };
  for (let i = 0; i < count; i++) {
    const { bytes, mayDiffer } = nextInput(random);
    const options = random(8) === 0 ? {} : { password: 'changeit' };
    const started = performance.now();
    try {
      const store = readKeyStore(bytes, options);
      if (store.isVerified && !mayDiffer && !genuine.has(summaryOf(store.entries)))
        throw new Error('a forgery was accepted');
      result.read++;
    } catch (error) {
      if (!(error instanceof DevcertError)) {
        const text = `input ${i} of seed ${seed}: ${String(error)}\n${bytes.toString('base64')}`;
        throw new Error(text, { cause: error });
      }
      result.refused++;
    }
    const elapsed = performance.now() - started;
    result.slowestMs = Math.max(result.slowestMs, elapsed);
    if (elapsed > 1000)
      throw new Error(`input ${i} of seed ${seed} took ${elapsed} ms\n${bytes.toString('base64')}`);
  }
  return result;
}

type Random = (below: number) => number;

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
      return { bytes: mutate(pick(text, random), random), mayDiffer: true };
    case 1: {
      const blocks = decodePem(pick(text, random));
      const damaged = blocks.map(({ label, der }) => encodePem(label, mutate(der, random)));
      return { bytes: Buffer.from(damaged.join('')), mayDiffer: true };
    }
    case 2:
      return { bytes: seal(mutate(safeContents, random)), mayDiffer: true };
    case 3: {
      const body = mutate(pick(jks, random).subarray(0, -20), random);
      return { bytes: Buffer.concat([body, digestOf(body, 'changeit')]), mayDiffer: true };
    }
    case 4:
      return { bytes: nest(random), mayDiffer: true };
    default:
      return { bytes: mutate(pick(binary, random), random), mayDiffer: false };
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

function nest(random: Random): Buffer {
  const unit = Buffer.from(
    pick(['3080', '3082ffff', '2480', 'a080', '3000', '0500'], random),
    'hex',
  );
  const body = Buffer.alloc(unit.length * random(20_000), unit);
  return random(2) === 0 ? body : Buffer.concat([Buffer.from('3080020103', 'hex'), body]);
}

const lengths = [0x00, 0x01, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff, 0x30, 0x24, 0xa0];

function mutate(original: Buffer, random: Random): Buffer {
  let bytes = Buffer.from(original);
  for (let left = 1 + random(4); left > 0; left--) {
    const at = random(bytes.length + 1);
    const size = random(16);
    switch (random(8)) {
      case 0:
        bytes = bytes.subarray(0, at);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at + size), bytes.subarray(at)]);
        break;
      case 3: {
        const noise = Buffer.from(Array.from({ length: size }, () => random(256)));
        bytes = Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
        break;
      }
      case 4:
        if (at < bytes.length) bytes[at] = pick(lengths, random);
        break;
      case 5: {
        const other = pick(binary, random);
        const from = random(other.length);
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(from)]);
        break;
      }
      default:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    }
  }
  return bytes;
}

function pick<T>(list: readonly T[], random: Random): T {
  const item = list[random(list.length)];
  if (item === undefined) throw new RangeError('an empty list');
  return item;
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

// mulberry32: small, and the same on every machine.
function randomNumbers(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
