/**
 * Chains with thousands of names under thousands of permitted and excluded subtrees of every kind, whole and
 * damaged, through all that holds names against constraints. Run in a child process: `fuzzedInChild()`.
 */
import { checkImport } from '../../src/authority/import.ts';
import { isPermitted } from '../../src/names/constraints.ts';
import { parseName, type Name } from '../../src/names/names.ts';
import { inspectLines } from '../../src/cli/inspect/lines.ts';
import { inspectFiles } from '../../src/inspect/together.ts';
import { contextTag, oid, sequence, set, utf8String } from '../../src/x509/der.ts';
import { MAX_CHILDREN } from '../../src/x509/asn1.ts';
import { OID } from '../../src/x509/oids.ts';
import { fuzz, type FuzzResult, mutate, pick, type Random } from '../helpers/fuzz.ts';
import { generalNames } from '../helpers/forge.ts';
import { DNS, EMAIL, extension, generalName, IP, URI } from '../helpers/csr.ts';
import { encodePem } from '../../src/keystore/pem.ts';
import { make, type Made, now } from './certificates.ts';

/** How many names there were, and under how many subtrees: what a run has to have tried. */
export interface ChainsResult extends FuzzResult {
  readonly largest: { readonly names: number; readonly subtrees: number };
}

/** Reads `count` chains; the first is as large as readers take, and names and constraints have nothing in common. */
export function fuzzChains(count: number, seed: number): ChainsResult {
  const largest = { names: 0, subtrees: 0 };
  let isFirst = true;
  const result = fuzz(count, seed, (random) => {
    const chain = isFirst ? worst() : nextChain(random);
    isFirst = false;
    largest.names = Math.max(largest.names, chain.names);
    largest.subtrees = Math.max(largest.subtrees, chain.subtrees);
    const { leaf, above } = chain;
    const text = [leaf, ...above].map(({ der }) => encodePem('CERTIFICATE', der)).join('');
    const isDamaged = random(4) === 0;
    const whole = Buffer.from(text);
    const bytes = isDamaged ? mutate(whole, random, [whole]) : whole;
    return {
      bytes,
      read: () => {
        const { files, relations } = inspectFiles([{ file: 'x', bytes }], { now, authorities: [] });
        inspectLines({ files, relations, exitCode: 0 }, style);
        importAndJudge(chain);
      },
    };
  });
  return { ...result, largest };
}

const plain = (text: string) => text;
const style = { good: plain, bad: plain, dim: plain };

interface Chain {
  readonly leaf: Made;
  /** The leaf's issuer first, the root last. */
  readonly above: readonly Made[];
  readonly names: number;
  readonly subtrees: number;
}

function importAndJudge({ above }: Chain): void {
  const [issuer] = above;
  if (issuer === undefined) return;
  const certificates = above.map(({ der }) => der);
  const { constraints } = checkImport({ keys: [issuer.key], certificates }, { files: [] }, now);
  for (const name of asked) isPermitted(constraints, name);
}

/** As many as one certificate may have. */
const asked: readonly Name[] = Array.from({ length: 100 }, (_, index) =>
  parseName(
    [`c${index}`, `*.b${index}.test`, `10.0.0.${index}`, `fd00::${index}`][index % 4] ?? '',
  ),
);

function worst(): Chain {
  const of = (prefix: string) =>
    Array.from({ length: MAX_CHILDREN - 10 }, (_, index) => generalName(DNS, `${prefix}${index}`));
  return chainOf([{ permitted: of('a') }, { permitted: of('a'), excluded: of('b') }], of('c'));
}

interface Subtrees {
  readonly permitted?: readonly Buffer[];
  readonly excluded?: readonly Buffer[];
}

function nextChain(random: Random): Chain {
  const authorities = Array.from({ length: 1 + random(3) }, () => ({
    permitted: list(random),
    excluded: list(random),
  }));
  return chainOf(authorities, list(random));
}

/** @param authorities root first. */
function chainOf(authorities: readonly Subtrees[], names: readonly Buffer[]): Chain {
  const above: Made[] = [];
  for (const [index, { permitted = [], excluded = [] }] of authorities.entries()) {
    const lists = [permitted, excluded].map((bases, tag) =>
      bases.length === 0
        ? undefined
        : contextTag(tag, true, Buffer.concat(bases.map((it) => sequence(it)))),
    );
    const subject = { commonName: `CA ${index}` };
    const more = [extension(OID.nameConstraints, sequence(...lists), true)];
    above.unshift(make({ authority: true, subject, more }, above[0]));
  }
  const more = [extension(OID.subjectAltName, sequence(Buffer.concat(names)))];
  return {
    leaf: make({ names: [], more }, above[0]),
    above,
    names: names.length,
    subtrees: authorities.reduce(
      (sum, { permitted = [], excluded = [] }) => sum + permitted.length + excluded.length,
      0,
    ),
  };
}

type MakeName = (random: Random, index: number) => Buffer;

/** Of one kind, or of all. */
function list(random: Random): Buffer[] {
  const length = pick([0, 1, 50, 3000, MAX_CHILDREN - 10], random);
  const only = random(2) === 0 ? pick(kinds, random) : undefined;
  return Array.from({ length }, (_, index) => (only ?? pick(kinds, random))(random, index));
}

/** Names and subtrees are encoded alike, addresses aside: there either is refused in the other's place. */
const kinds: readonly MakeName[] = [
  (random, index) => generalName(DNS, `${pick(['a', 'b', 'c', 'C'], random)}${index}`),
  (random, index) => generalName(DNS, `${pick(['', '.', '*.'], random)}b${index % 100}.test`),
  // Suffixes of suffixes: as deep as a name may be, and deeper.
  (random, index) => generalName(DNS, `${'a.'.repeat(pick([100, 127, 300], random))}${index}`),
  (random) => generalName(DNS, pick(['', '.', '..', 'x'.repeat(255), '\u0000', '.test'], random)),
  (random, index) => generalName(EMAIL, `${pick(['ada@', '', '@', '.'], random)}c${index}.test`),
  (random, index) => generalName(EMAIL, `a@${'b.'.repeat(pick([1, 120, 300], random))}${index}`),
  (random, index) => generalName(URI, `${pick(['https://', 'spiffe://', ''], random)}c${index}/`),
  (random) => generalName(IP, numbers(random, pick([4, 16], random))),
  // Masks of every length, and with gaps.
  (random) => generalName(IP, network(random)),
  (random) => generalName(IP, numbers(random, pick([8, 32], random))),
  (_, index) =>
    contextTag(4, true, sequence(set(sequence(oid(OID.commonName), utf8String(`c${index}`))))),
  (_, index) => generalNames.other(`u${index}`),
  () => contextTag(8, false, Buffer.of(0x2a, 3, 4)),
];

function network(random: Random): Buffer {
  const length = pick([4, 16], random);
  const bits = random(8 * length + 1);
  const mask = Array.from({ length }, (_, i) => 0xff00 >> Math.min(8, Math.max(0, bits - 8 * i)));
  return Buffer.concat([numbers(random, length), Buffer.from(mask)]);
}

function numbers(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random(256)));
}
