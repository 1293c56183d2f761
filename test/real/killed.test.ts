/**
 * Killed right before each change to the disk, one after the other, until the command ends by itself: the
 * next ordinary command, without --force, completes or undoes what was begun.
 */
import { spawn } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { install } from '../../src/commands/install.ts';
import { issue } from '../../src/commands/issue.ts';
import { mtls } from '../../src/commands/mtls.ts';
import { readKeeping } from '../../src/authority/keeping.ts';
import { publicKeyHash } from '../../src/keys.ts';
import { authorityCertificates } from '../../src/authority/certificates.ts';
import { readKeyStore } from '../../src/keystore/read.ts';
import { isRecorded, readLedger } from '../../src/ledger/ledger.ts';
import { bundledModule } from '../helpers/bundle.ts';
import {
  authorityKeysIn,
  filesBelow,
  filesWithKey,
  openKeyHashesIn,
  openKeysIn,
} from '../helpers/bare-keys.ts';
import { CLI } from '../helpers/cli.ts';
import {
  actions,
  contextWith,
  PASSPHRASE,
  readStores,
  writeStores,
} from '../helpers/killed-scenario.ts';

const HOOK = join(import.meta.dirname, '../helpers/kill-hook.cjs');
const scenario = bundledModule('test/helpers/killed-scenario.ts');

/** What a command line or an action of the scenario is started with. */
type Started = readonly string[] | keyof typeof actions;

/** @returns the exit code; undefined if it was killed. */
function start(home: string, what: Started, killAt: number): Promise<number | undefined> {
  const args = typeof what === 'string' ? [fileURLToPath(scenario()), home, what] : [CLI, ...what];
  const child = spawn(process.execPath, ['--require', HOOK, ...args], {
    cwd: join(home, 'project'),
    env: {
      ...{ PATH: process.env.PATH, HOME: home, NO_COLOR: '1', CI: '1' },
      ...{ DEVCERT_HOME: join(home, 'state'), DEVCERT_TEST_KILL_AT: String(killAt) },
    },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 120_000,
  });
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  return new Promise((resolve, reject) => {
    child.on('close', (status, signal) => {
      if (signal === 'SIGKILL') resolve(undefined);
      else if (status === 0) resolve(0);
      else reject(new Error(`${String(what)} at ${killAt}: ${signal ?? status}: ${stderr}`));
    });
  });
}

interface Scenario {
  /** What there is before. */
  readonly before?: (home: string) => Promise<unknown>;
  readonly what: Started;
  /** Names of the next `devcert issue`. */
  readonly names?: readonly string[];
  /** What is to hold right after the kill, before anything is completed or undone. */
  readonly atOnce?: (home: string) => void;
  /** What is to work and to hold, instead of the next `devcert issue`. @param saved the home before. */
  readonly check?: (home: string, saved: string) => Promise<void>;
  /** What else is to work after that, and to hold. */
  readonly after?: (home: string) => Promise<void>;
  /** Only every so many steps, where others have the same; all with DEVCERT_TEST_EVERY_STEP=1. */
  readonly every?: number;
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Kills at each step, and looks after each. @returns how many changes it made, and what was wrong after a kill. */
async function killEverywhere(it: Scenario): Promise<{ steps: number; wrong: string[] }> {
  // Not temporaryFolder(): of tests at once it cannot tell whose end to wait for.
  const base = mkdtempSync(join(tmpdir(), 'devcert-killed-'));
  folders.push(base);
  const home = join(base, 'home');
  mkdirSync(join(home, 'project'), { recursive: true });
  writeStores(home, [[], []]);
  await it.before?.(home);
  const saved = `${home}-before`;
  cpSync(home, saved, { recursive: true, preserveTimestamps: true });
  const wrong: string[] = [];
  const every = process.env.DEVCERT_TEST_EVERY_STEP === '1' ? 1 : (it.every ?? 1);
  for (let step = 1; ; step += every) {
    rmSync(home, { recursive: true });
    cpSync(saved, home, { recursive: true, preserveTimestamps: true });
    const ended = await start(home, it.what, step);
    const looked = async () => {
      it.atOnce?.(home);
      await (it.check?.(home, saved) ?? check(home, it));
    };
    await looked().catch((error: unknown) => {
      wrong.push(`${String(it.what)} killed before change ${step}: ${String(error)}`);
    });
    if (ended === 0) return { steps: step - 1, wrong };
  }
}

async function check(home: string, it: Scenario): Promise<void> {
  const context = await contextWith(home);
  const { notes } = await issue(context, it.names ?? ['localhost']);
  assertPair(join(home, 'project/.devcert'), home, 'ca.pem');
  const keyStore = join(home, 'project/.devcert/keystore.p12');
  if (existsSync(keyStore) && !notes.some((note) => note.includes('keystore.p12 still has')))
    expect(fingerprintIn(keyStore)).toBe(fingerprintIn(join(home, 'project/.devcert/cert.pem')));
  await it.after?.(home);
  expect(leftOvers(home).join()).toBe('');
  expect(() => readLedger(join(home, 'state'))).not.toThrow();
}

/** Of the leaf in a PEM file or a key store. */
function fingerprintIn(file: string): string | undefined {
  const { entries } = readKeyStore(readFileSync(file), { password: '' });
  return entries
    .find(({ certificates }) => certificates.length > 0)
    ?.certificates[0]?.toString('hex');
}

/** The pair in a folder is whole, devcert's, and recorded. @param roots the file that has its root. */
function assertPair(folder: string, home: string, roots?: string): void {
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const leaf = new X509Certificate(readFileSync(certFile));
  expect(leaf.checkPrivateKey(createPrivateKey(readFileSync(keyFile)))).toBe(true);
  const state = join(home, 'state');
  const issuers = authorityCertificates(state).filter(({ issuer }) =>
    leaf.verify(issuer.publicKey),
  );
  expect(issuers).toHaveLength(1);
  const entries = readLedger(state);
  for (const path of [certFile, keyFile])
    expect(isRecorded(entries, path, readFileSync(path)), path).toBe(true);
  if (roots !== undefined)
    expect(readFileSync(join(folder, roots), 'utf8')).toBe(issuers[0]?.root.toString());
}

function leftOvers(home: string): string[] {
  return (readdirSync(home, { recursive: true }) as string[]).filter((path) =>
    /\.devcert-tmp$|journal\.json$/.test(path),
  );
}

/** The one root that the stores are to trust after an install. */
async function assertInstalled(home: string): Promise<void> {
  const result = await actions.install(await contextWith(home));
  const root = new X509Certificate(readFileSync(join(home, 'state/root.pem')));
  const sha256 = root.fingerprint256.replaceAll(':', '').toLowerCase();
  expect(result.root).toBe(sha256);
  expect(readStores(home)).toEqual([[sha256], [sha256]]);
  await issue(await contextWith(home), ['localhost']);
  assertPair(join(home, 'project/.devcert'), home, 'ca.pem');
}

/** The set is whole, and the command that made it makes it again. */
async function assertSet(home: string): Promise<void> {
  const folder = join(home, 'project/api');
  const parties = ['server', 'clients/web'].map((party) => join(folder, party));
  // All of it or nothing.
  const there = parties.filter((party) => existsSync(join(party, 'cert.pem')));
  expect([0, parties.length]).toContain(there.length);
  for (const party of there) assertPair(party, home);
  await mtls(await contextWith(home), 'api', { client: ['web'] });
  for (const party of parties) assertPair(party, home);
}

/** No key of an authority stands anywhere but encrypted. */
function assertAllEncrypted(home: string): void {
  expect(openKeysIn(join(home, 'state'))).toEqual([]);
  assertNoCopies(home);
}

/** What is encrypted, of an authority that is there or waits, stands nowhere else. */
function assertNoCopies(home: string): void {
  const keys = authorityKeysIn(join(home, 'state'), PASSPHRASE, { onlyEncrypted: true });
  expect(keys.flatMap((key) => filesWithKey(home, key))).toEqual([]);
}

/** Protected by a whole step, or as it was. */
async function assertProtected(home: string): Promise<void> {
  if (readKeeping(join(home, 'state')).way === 'passphrase') assertAllEncrypted(home);
  await assertInstalled(home);
}

async function encrypted(home: string): Promise<void> {
  await actions['install --passphrase'](await contextWith(home));
  await issued(home);
}

/** No key of an authority was ever written; the same command makes it whole. */
async function assertSealed(home: string, saved: string): Promise<void> {
  const before = new Set(openKeyHashesIn(saved));
  assertNoNewKey(home, before);
  await actions['install --sealed'](await contextWith(home));
  assertNoNewKey(home, before);
  const state = join(home, 'state');
  expect(readKeeping(state)).toEqual({ way: 'sealed', names: ['localhost'] });
  expect(openKeyHashesIn(state)).toEqual([]);
  const [{ root } = { root: undefined }] = authorityCertificates(state);
  const sha256 = root?.fingerprint256.replaceAll(':', '').toLowerCase();
  expect(readStores(home)).toEqual([[sha256], [sha256]]);
  assertPair(join(home, 'project/.devcert'), home, 'ca.pem');
  expect(leftOvers(home).join()).toBe('');
  expect(await issued(home)).toMatchObject({ issued: false });
}

/** Every key that is new belongs to the certificate for localhost: no CA has it. */
function assertNoNewKey(home: string, before: ReadonlySet<string>): void {
  const added = openKeyHashesIn(home).filter((hash) => !before.has(hash));
  const ofCas = filesBelow(home).flatMap((name) =>
    decodeCertificates(join(home, name))
      .filter(({ ca }) => ca)
      .map(({ publicKey }) => publicKeyHash(publicKey)),
  );
  expect(added.filter((hash) => ofCas.includes(hash))).toEqual([]);
  // A key whose CA is nowhere yet would be unseen above: there is one new key at a time, the certificate's.
  expect(new Set(added).size).toBeLessThanOrEqual(1);
}

function decodeCertificates(path: string): X509Certificate[] {
  const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
  return [...readFileSync(path, 'latin1').matchAll(pem)].map(([it]) => new X509Certificate(it));
}

async function sealedForOthers(home: string): Promise<void> {
  await install(await contextWith(home), { sealed: ['b.test'] });
}

const issued = (home: string) => contextWith(home).then((it) => issue(it, ['localhost']));

async function installed(home: string): Promise<void> {
  await actions.install(await contextWith(home));
  await issued(home);
}

async function withSet(home: string): Promise<void> {
  await installed(home);
  await mtls(await contextWith(home), 'api', { client: ['web'] });
}

async function withOther(home: string): Promise<void> {
  await installed(home);
  // Somebody else's authority: that of another home.
  const other = join(home, '../other');
  mkdirSync(join(other, 'project'), { recursive: true });
  await issued(other);
  mkdirSync(join(home, 'import'));
  for (const name of ['root.pem', 'issuer.pem', 'issuer-key.pem'])
    cpSync(join(other, 'state', name), join(home, 'import', name));
}

const p12 = ['--format', 'p12', '--no-password'];
const scenarios: (Scenario & { readonly atLeast: number })[] = [
  { what: ['localhost'], atLeast: 30 },
  { before: issued, what: ['localhost', 'b.test'], names: ['localhost', 'b.test'], atLeast: 15 },
  { what: ['localhost', ...p12], every: 3, atLeast: 30 },
  { before: issued, what: ['export', ...p12], atLeast: 10 },
  { what: ['mtls', 'api', '--client', 'web'], after: assertSet, every: 3, atLeast: 30 },
  { what: 'install --sealed', check: assertSealed, atLeast: 30 },
  { before: installed, what: 'install --sealed', check: assertSealed, every: 3, atLeast: 30 },
  { before: sealedForOthers, what: 'install --sealed', check: assertSealed, every: 3, atLeast: 30 },
  { before: installed, what: 'install --permit', after: assertInstalled, every: 3, atLeast: 30 },
  { before: installed, what: 'ca replace', after: assertInstalled, atLeast: 30 },
  { before: withOther, what: 'ca import --force', after: assertInstalled, every: 3, atLeast: 30 },
  { before: issued, what: 'ca create', atLeast: 10 },
  {
    what: 'install --passphrase',
    atOnce: assertAllEncrypted,
    every: 3,
    atLeast: 20,
  },
  {
    before: installed,
    what: 'ca protect',
    atOnce: assertNoCopies,
    after: assertProtected,
    every: 7,
    atLeast: 30,
  },
  {
    before: installed,
    what: 'ca protect --keep-key',
    after: assertProtected,
    every: 2,
    atLeast: 10,
  },
  { before: encrypted, what: 'ca unprotect', after: assertProtected, every: 2, atLeast: 5 },
  {
    before: encrypted,
    what: 'ca replace, encrypted',
    atOnce: assertAllEncrypted,
    after: assertProtected,
    // Each takes as long as guessing the passphrase a few times.
    every: 7,
    atLeast: 30,
  },
  { before: withSet, what: 'mtls rotate', after: assertSet, every: 3, atLeast: 20 },
  {
    before: async (home) => {
      await withSet(home);
      await actions['mtls rotate'](await contextWith(home));
    },
    what: 'mtls rotate --issue',
    every: 3,
    // Old certificates are right until the step is done: every party trusts both roots.
    after: async (home) => {
      await actions['mtls rotate --issue'](await contextWith(home));
      await assertSet(home);
    },
    atLeast: 20,
  },
  {
    before: async (home) => {
      await withSet(home);
      await actions['mtls rotate'](await contextWith(home));
      await actions['mtls rotate --issue'](await contextWith(home));
    },
    what: 'mtls rotate --finish',
    after: assertSet,
    atLeast: 5,
  },
  {
    before: async (home) => {
      await installed(home);
      // What a purge leaves in projects is nobody's: --force replaces it.
      rmSync(join(home, 'project/.devcert'), { recursive: true });
    },
    what: 'uninstall --purge',
    after: assertInstalled,
    atLeast: 10,
  },
];

describe.concurrent('killed before any change to the disk, the next command goes on:', () => {
  test.each(scenarios)(
    '$what',
    async ({ atLeast, ...scenario }) => {
      const { steps, wrong } = await killEverywhere(scenario);
      expect(wrong).toEqual([]);
      expect(steps).toBeGreaterThanOrEqual(atLeast);
    },
    // Five are at it at once.
    500_000,
  );
});
