/**
 * The readers' judge: files of keys and certificates that nobody here wrote, read by devcert and by Python's
 * cryptography, OpenSSL and keytool: names, dates, usages, fingerprints, keys and entries are the same.
 *
 * A sample that changes with its seed; all of them by: CORPORA=all npm run test:real -- corpora
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { DevcertError } from '../../src/errors.ts';
import { inspectFile } from '../../src/inspect/file.ts';
import type { InspectedCertificate, InspectedFile } from '../../src/inspect/types.ts';
import { formatIp, ipBytes } from '../../src/names/ip.ts';
import { OID } from '../../src/x509/oids.ts';
import { needsTools } from '../helpers/require.ts';
import { run } from '../helpers/run.ts';
import { type Corpus, corpora } from './corpora-sources.ts';

const ALL = process.env.CORPORA === 'all';
const SEED = process.env.CORPORA_SEED ?? '1';
/** Files of each corpus that Python reads, that OpenSSL reads, and stores that keytool lists, in a sample. */
const SAMPLE = { files: 60, openssl: 8, keytool: 3 };
const PASSWORDS = [
  ...['', 'cryptography', 'password', 'changeit', 'hunter2', 'passwd', 'secret', 'security'],
  ...['storepassword', 'test', '123456', '12345678', 'keypass', 'v1', 'foobar', 'öäüß'],
];
const now = new Date('2026-05-10T12:00:00Z');
const sets = await corpora();
const LIMIT = { timeout: ALL ? 3_600_000 : 120_000 };

/** The order of a shuffle that its seed alone decides. */
function sample<T extends string>(list: readonly T[], most: number): T[] {
  if (ALL) return [...list];
  const key = (it: string) => createHash('sha256').update(SEED).update(basename(it)).digest('hex');
  return [...list].sort((a, b) => (key(a) < key(b) ? -1 : 1)).slice(0, most);
}

/** What devcert says of a file; undefined if it refuses to read it. */
function read(path: string, passwords: readonly string[]): InspectedFile | undefined {
  const bytes = readFileSync(path);
  let seen: InspectedFile | undefined;
  for (const password of passwords) {
    try {
      const own = password === '' ? {} : { password, keyPassword: password };
      const file = inspectFile({ file: path, bytes, ...own }, { now, authorities: [] });
      seen ??= file;
      if (!file.isLocked) return file;
    } catch (error) {
      // Any other failure is a fault of devcert, whatever the file is.
      if (!(error instanceof DevcertError)) throw new Error(path, { cause: error });
      if (error.code !== 'password') return undefined;
    }
  }
  return seen;
}

interface Facts {
  readonly sha256: string;
  readonly serial: string | null;
  readonly subject: readonly string[] | null;
  readonly notBefore: string | null;
  readonly notAfter: string | null;
  readonly names: readonly (readonly [string, string | null])[] | null;
  readonly usages: readonly string[] | null;
  readonly purposes: readonly string[] | null;
  readonly keys: readonly (string | null)[];
}

interface Told {
  readonly path: string;
  readonly certificates?: readonly Facts[];
  readonly store?: {
    readonly password: string;
    readonly key: string | null;
    readonly certificates: readonly Facts[];
  } | null;
}

async function askPython(files: readonly string[]): Promise<Told[]> {
  const script = join(import.meta.dirname, 'corpora.py');
  const input = files.map((file) => `${file}\n`).join('');
  const { status, output } = await run('python3', [script, ...PASSWORDS], {
    input,
    timeoutMs: LIMIT.timeout,
  });
  const told = output
    .split('\n')
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Told] : []));
  expect({ status, lines: told.length, output: status === 0 ? '' : output.slice(-500) }).toEqual({
    status: 0,
    lines: files.length,
    output: '',
  });
  return told;
}

/** Facts that differ, each as `field: theirs, ours`; what the other did not read is not compared. */
function differences(theirs: Facts, ours: InspectedCertificate): string[] {
  const differ: string[] = [];
  const hold = (field: string, their: unknown, our: unknown) => {
    const [one, two] = [JSON.stringify(their), JSON.stringify(our)];
    if (their !== null && one !== two) differ.push(`${field}: ${one}, ${two}`);
  };
  hold('serial', theirs.serial === null ? null : plain(theirs.serial), plain(ours.serial));
  hold(
    'subject',
    theirs.subject?.every((it) => ours.subject.includes(it.replace(/[,+\\]/g, '\\$&'))) ?? null,
    true,
  );
  hold('notBefore', theirs.notBefore, ours.notBefore?.toISOString().replace('.000Z', '+00:00'));
  hold('notAfter', theirs.notAfter, ours.notAfter?.toISOString().replace('.000Z', '+00:00'));
  // A key that Python cannot read is not compared: OpenSSL puts some of its oddities right.
  const [, read] = theirs.keys;
  const isSame = theirs.keys.includes(ours.key.sha256 ?? '');
  hold('key', read === null || isSame, true);
  hold(
    'names',
    theirs.names?.map(nameOf) ?? null,
    ours.names.map(({ type, value }) => nameOf([type, value])),
  );
  hold(
    'usages',
    theirs.usages?.map((it) =>
      it
        .replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
        .replace('crlSign', 'cRLSign'),
    ) ?? null,
    ours.keyUsages ?? [],
  );
  hold(
    'purposes',
    theirs.purposes?.map((it) => purposes.get(it) ?? it) ?? null,
    ours.purposes?.map((it) => purposes.get(it) ?? it) ?? [],
  );
  return differ;
}

/** A serial number without its sign and leading zeros, which not all write. */
function plain(serial: string): string {
  return serial.replace(/^-/, '').replace(/^0+(?=.)/, '');
}

const purposes = new Map<string, string>(
  Object.entries(OID).map(([name, dotted]) => [dotted, name]),
);

function nameOf([type, value]: readonly [string, string | null]): string {
  if (type === 'directory' || type === 'other') return 'other';
  return `${type} ${type === 'ip' && value !== null ? formatIp(ipBytes(value)) : (value ?? '')}`;
}

/** Files that the others read and devcert does not, each with its reason. */
const refused: Readonly<Record<string, string>> = {
  'invalid_utf8_common_name.pem': 'OpenSSL, which reads our certificates, refuses it',
  'long-form-name-attribute.pem': 'OpenSSL refuses it',
  'name_attribute_unsupported_tag.pem': 'OpenSSL refuses it',
};

/** Stores whose keys keytool does not list, each with its reason. */
const passedOver: Readonly<Record<string, string>> = {
  'cert-none-key-none.p12': 'Java passes over a key that is not encrypted',
};

function compare({ path, certificates, store }: Told, ours: InspectedFile | undefined): string[] {
  const theirs = certificates ?? store?.certificates ?? [];
  if (theirs.length === 0 && !store) return [];
  if (ours === undefined) return basename(path) in refused ? [] : ['refused'];
  const byHash = new Map(ours.certificates.map((it) => [it.sha256, it]));
  const key = store?.key;
  return [
    ...theirs.flatMap((it) => {
      const own = byHash.get(it.sha256);
      return own === undefined ? ['a certificate is missing'] : differences(it, own);
    }),
    ...(key && !ours.keys.some(({ sha256 }) => sha256 === key) ? ['the key is missing'] : []),
  ].map((it) => it.replaceAll(path, ''));
}

const hasPython = needsTools('python3');
const hasKeytool = needsTools('keytool');

test.skipIf(!hasPython).each(sets)(
  "$name: as Python's cryptography reads them",
  LIMIT,
  async ({ files }: Corpus) => {
    const told = await askPython(sample(files, SAMPLE.files));
    const found = told.flatMap((it) => {
      const password = it.store?.password;
      const ours = read(it.path, password === undefined ? [''] : ['', password]);
      return compare(it, ours).map((what) => `${basename(it.path)}: ${what}`);
    });
    expect(found).toEqual([]);
  },
);

test.each(sets)('$name: as OpenSSL reads them', LIMIT, async ({ files }: Corpus) => {
  const found: string[] = [];
  let compared = 0;
  const der = /\.(?:der|cer|crt)$/i;
  const asked = sample(
    files.filter((it) => /\.(?:pem|der|cer|crt)$/i.test(it)),
    SAMPLE.openssl,
  );
  for (const path of asked) {
    const facts = await opensslFacts(path, der.test(path));
    const [first] = facts === undefined ? [] : (read(path, [''])?.certificates ?? []);
    if (facts === undefined) continue;
    compared++;
    if (first === undefined) {
      if (!(basename(path) in refused)) found.push(`${basename(path)}: refused`);
    } else {
      const ours = {
        sha256: first.sha256,
        serial: plain(first.serial),
        end: first.notAfter?.getTime(),
      };
      if (JSON.stringify(ours) !== JSON.stringify(facts))
        found.push(`${basename(path)}: ${JSON.stringify([facts, ours])}`);
    }
  }
  expect(found).toEqual([]);
  expect(compared).toBeGreaterThanOrEqual(asked.length === 0 ? 0 : 1);
});

/** Of the first certificate; undefined for what OpenSSL takes for none. */
async function opensslFacts(path: string, mayBeDer: boolean) {
  const print = ['-noout', '-serial', '-enddate', '-fingerprint', '-sha256'];
  for (const form of mayBeDer ? ['PEM', 'DER'] : ['PEM']) {
    const { status, output } = await run('openssl', [
      'x509',
      '-in',
      path,
      '-inform',
      form,
      ...print,
    ]);
    // A time that is none is written as such, and nothing to compare.
    if (status !== 0 || output.includes('Bad time value')) continue;
    const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'im').exec(output)?.[1] ?? '';
    return {
      sha256: value('SHA256 Fingerprint').replaceAll(':', '').toLowerCase(),
      serial: plain(value('serial')),
      end: Date.parse(value('notAfter')),
    };
  }
  return undefined;
}

test.skipIf(!hasKeytool).each(sets)(
  '$name: stores as keytool lists them',
  LIMIT,
  async ({ files }: Corpus) => {
    const stores = files.filter((it) => /\.(?:p12|pfx|jks)$|[./](?:key|trust)store$/i.test(it));
    const found: string[] = [];
    for (const path of sample(stores, SAMPLE.keytool)) {
      const listed = await keytoolFacts(path);
      if (listed === undefined) continue;
      const ours = read(path, [listed.password]);
      const certificates = new Set(ours?.certificates.map(({ sha256 }) => sha256));
      const missing = listed.fingerprints.filter((it) => !certificates.has(it));
      const keys = ours?.keys.length ?? 0;
      const areSame = keys === listed.keys || basename(path) in passedOver;
      if (missing.length > 0 || !areSame)
        found.push(
          `${basename(path)}: ${missing.length} missing, ${listed.keys} keys, ours ${keys}`,
        );
    }
    expect(found).toEqual([]);
  },
);

/** What the first password that opens the store shows; undefined if none of them does. */
async function keytoolFacts(path: string) {
  for (const password of PASSWORDS.filter((it) => it.length >= 6)) {
    const args = ['-J-Duser.language=en', '-list', '-v', '-keystore', path, '-storepass', password];
    const { status, output } = await run('keytool', args);
    if (status !== 0) continue;
    return {
      password,
      fingerprints: [...output.matchAll(/SHA256: ([\dA-F:]+)/g)].map(([, it = '']) =>
        it.replaceAll(':', '').toLowerCase(),
      ),
      keys: output.match(/Entry type: PrivateKeyEntry/g)?.length ?? 0,
    };
  }
  return undefined;
}

test.each(sets)(
  '$name: every other file is read, or refused in words',
  LIMIT,
  ({ files }: Corpus) => {
    for (const path of sample(files, 4 * SAMPLE.files)) read(path, ['']);
  },
);
