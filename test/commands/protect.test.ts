import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createAuthority } from '../../src/authority/create.ts';
import { loadAuthority } from '../../src/authority/folder.ts';
import { readKeeping } from '../../src/authority/keeping.ts';
import { sha256Of } from '../../src/authority/origin.ts';
import { readPending, stagePending } from '../../src/authority/replace.ts';
import {
  createNamed,
  importAuthority,
  replaceNamed,
  showAuthority,
} from '../../src/commands/ca.ts';
import { exportAuthority } from '../../src/commands/ca-export.ts';
import { certificateFor } from '../../src/commands/certificate.ts';
import { type Context, contextOf } from '../../src/commands/context.ts';
import { csr } from '../../src/commands/csr.ts';
import { exportCertificate } from '../../src/commands/export.ts';
import { install } from '../../src/commands/install.ts';
import { issue } from '../../src/commands/issue.ts';
import { mtls } from '../../src/commands/mtls.ts';
import { mtlsRotate } from '../../src/commands/mtls-rotate.ts';
import { protect, unprotect } from '../../src/commands/protect.ts';
import { renewDue } from '../../src/commands/renew-due.ts';
import { sign } from '../../src/commands/sign.ts';
import { status } from '../../src/commands/status.ts';
import { uninstall } from '../../src/commands/uninstall.ts';
import { withLock } from '../../src/disk/lock.ts';
import { DevcertError } from '../../src/errors.ts';
import { Keyring } from '../../src/signer/keyring.ts';
import { authorityKeysIn, filesWithKey, openKeysIn } from '../helpers/bare-keys.ts';
import { hasShell, seenMode } from '../helpers/can.ts';
import { type MemoryStoreOptions, projectMachine } from '../helpers/stores.ts';

const PASSPHRASE = 'correct horse';

/** The same machine in another run, whose questions are counted. */
function run(context: Context, answer: string | DevcertError = PASSPHRASE) {
  const asked: string[] = [];
  const keys = new Keyring({
    passphrase: (what, isNew) => {
      asked.push(`${isNew ? 'new: ' : ''}${what}`);
      return typeof answer === 'string' ? Promise.resolve(answer) : Promise.reject(answer);
    },
  });
  return { asked, context: { ...context, keys } };
}

const OWN = 'the key of the CA "default"';

/** A machine whose authority has an encrypted key; its context asks nobody. */
async function encrypted(stores?: MemoryStoreOptions[]) {
  const machine = projectMachine(stores);
  const result = await install(run(machine.context).context, { passphrase: true });
  return { ...machine, result };
}

const keyText = (folder: string) => readFileSync(join(folder, 'issuer-key.pem'), 'utf8');

/** No file holds the key of an authority but encrypted. */
function assertNoBareKey(base: string, stateFolder: string): void {
  expect(openKeysIn(stateFolder)).toEqual([]);
  const keys = authorityKeysIn(stateFolder, PASSPHRASE);
  expect(keys.length).toBeGreaterThan(0);
  expect(keys.flatMap((key) => filesWithKey(base, key))).toEqual([]);
}

describe('install({ passphrase })', () => {
  test('asks once, and writes no key that is not encrypted', async () => {
    const { base, context, stores } = projectMachine();
    const { asked, context: asking } = run(context);
    const result = await install(asking, { passphrase: true });
    expect(asked).toEqual([`new: ${OWN}`]);
    expect(result).toMatchObject({
      authority: 'created',
      keeping: { way: 'passphrase', wasOpen: false },
    });
    expect(stores[0]?.roots).toEqual(new Set([result.root]));
    expect(statSync(join(context.folder, 'issuer-key.pem')).mode & 0o777).toBe(seenMode(0o600));
    assertNoBareKey(base, context.folder);
    const issuer = new X509Certificate(readFileSync(join(context.folder, 'issuer.pem')));
    const opened = createPrivateKey({ key: keyText(context.folder), passphrase: PASSPHRASE });
    expect(issuer.checkPrivateKey(opened)).toBe(true);
  });

  test.runIf(hasShell)(
    'OpenSSL opens the key with the passphrase, and says what protects it',
    async () => {
      const { context } = await encrypted();
      const openssl = (...args: string[]) =>
        execFileSync('openssl', args, {
          cwd: context.folder,
          encoding: 'utf8',
          timeout: 20_000,
          stdio: ['ignore', 'pipe', 'pipe'],
        });
      const pass = (passphrase: string) => ['-passin', `pass:${passphrase}`];
      const key = ['pkey', '-in', 'issuer-key.pem', '-noout'];
      expect(() => openssl(...key, ...pass(PASSPHRASE))).not.toThrow();
      expect(() => openssl(...key, ...pass('wrong horse'))).toThrow();
      const asn1 = openssl('asn1parse', '-in', 'issuer-key.pem');
      for (const part of ['PBES2', 'PBKDF2', 'hmacWithSHA256', 'aes-256-cbc', '0927C0'])
        expect(asn1).toContain(part); // 0927C0: 600000 iterations
    },
  );

  test('asks nobody for an authority that is encrypted already, or in a dry run', async () => {
    const { context, result } = await encrypted();
    const { asked, context: asking } = run(context);
    expect(await install(asking, { passphrase: true })).toMatchObject({
      authority: 'kept',
      root: result.root,
    });
    expect(await install(asking)).toMatchObject({ authority: 'kept' });
    await install(asking, { passphrase: true, dryRun: true, permit: ['corp.dev'] });
    await status(asking);
    expect(asked).toEqual([]);
    const none = projectMachine();
    await install(none.context, { passphrase: true, dryRun: true });
    expect(existsSync(none.context.folder)).toBe(false);
  });

  test('puts a new authority in the place of one whose key lay open', async () => {
    const { base, context, stores } = projectMachine();
    const first = await install(context);
    await issue(context, ['shop.test']);
    const [lay] = authorityKeysIn(context.folder, '');
    const { asked, context: asking } = run(context);
    const next = await install(asking, { passphrase: true, permit: ['corp.dev'] });
    expect(asked).toEqual([`new: ${OWN}`]);
    expect(next).toMatchObject({ authority: 'replaced', keeping: { way: 'passphrase' } });
    expect(next.constraints?.dns).toContain('corp.dev');
    expect(next.root).not.toBe(first.root);
    expect(stores.map(({ roots }) => [...roots])).toEqual([[next.root], [next.root]]);
    expect(next.renewed).toMatchObject([{ files: [join(context.cwd, '.devcert/cert.pem')] }]);
    expect(next.renewed[0]?.reason).toBeUndefined();
    assertNoBareKey(base, context.folder);
    expect(lay && filesWithKey(base, lay)).toEqual([]);
    expect((await status(context)).authority).toMatchObject({ earlierRoots: [] });
  });

  test('a passphrase that is no good is refused before anything is made', async () => {
    const { context, stores } = projectMachine();
    for (const [answer, message] of [
      ['', 'is empty'],
      ['short', 'is shorter than 8 characters'],
      ['x'.repeat(1024), 'is longer than 1023 bytes'],
    ] as const)
      await expect(
        install(run(context, answer).context, { passphrase: true }),
      ).rejects.toMatchObject({ code: 'password', message: `the passphrase of ${OWN} ${message}` });
    await expect(install(context, { passphrase: true })).rejects.toMatchObject({
      code: 'password',
      message: `${OWN} needs its passphrase`,
    });
    const cancelled = new DevcertError('cancelled', 'cancelled', {});
    await expect(
      install(run(context, cancelled).context, { passphrase: true }),
    ).rejects.toMatchObject({ code: 'cancelled' });
    await expect(
      install(context, { passphrase: true, sealed: ['api.test'] }),
    ).rejects.toMatchObject({ code: 'usage' });
    expect(existsSync(context.folder)).toBe(false);
    expect(stores[0]?.roots.size).toBe(0);
  });
});

describe('an authority whose key is encrypted', () => {
  test('asks only when something is signed, and names the key', async () => {
    const { context } = await encrypted();
    const { asked, context: asking } = run(context);
    expect(await issue(asking, ['api.test'])).toMatchObject({ issued: true });
    expect(asked).toEqual([OWN]);
    // A pair that is good needs nobody, and neither does what is made of it.
    expect(await issue(context, ['api.test'])).toMatchObject({ issued: false });
    await exportCertificate(context, { format: 'p12', password: '' });
    await exportCertificate(context, { format: 'pem', trust: true, out: 'trust' });
    await exportAuthority(context, undefined);
    await csr(context, ['api.test'], { out: 'csr' });
  });

  test('signs nothing without its passphrase: `password` at once, and nothing is written', async () => {
    const { context } = await encrypted();
    await csr(context, ['api.test'], { out: 'csr' });
    const out = join(context.cwd, 'elsewhere');
    const attempts: Record<string, (it: Context) => Promise<unknown>> = {
      issue: (it) => issue(it, ['api.test'], { out }),
      sign: (it) => sign(it, 'csr/csr.pem', { out }),
      certificateFor: (it) => certificateFor(it, ['api.test']),
      mtls: (it) => mtls(it, 'api', { client: ['web'], out }),
      'ca replace': (it) => replaceNamed(it, undefined),
      '--permit': (it) => install(it, { permit: ['corp.dev'] }),
      '--no-constraints': (it) => install(it, { constraints: false }),
      unprotect: (it) => unprotect(it, undefined),
      'ca export': (it) =>
        exportAuthority(it, undefined, { withKey: true, password: 'long enough', out }),
    };
    const before = keyText(context.folder);
    for (const [what, attempt] of Object.entries(attempts)) {
      await expect(attempt(context), what).rejects.toMatchObject({
        code: 'password',
        exitCode: 1,
        message: `${OWN} needs its passphrase`,
      });
      await expect(attempt(run(context, 'wrong horse').context), what).rejects.toMatchObject({
        code: 'password',
        message: `this is not the passphrase of ${OWN}`,
      });
    }
    expect(existsSync(out)).toBe(false);
    expect(keyText(context.folder)).toBe(before);
    expect(readPending(context.folder)).toBeUndefined();
  });

  test('does each of these with it, and asks once for all that a run signs', async () => {
    const { base, context } = await encrypted();
    await csr(context, ['api.test'], { out: 'csr' });
    for (const [attempt, done] of [
      [(it: Context) => sign(it, 'csr/csr.pem'), { issued: true }],
      [(it: Context) => certificateFor(it, ['api.test']), {}],
      [
        (it: Context) => mtls(it, 'api', { client: ['web', 'cron'] }),
        { notes: expect.any(Array) as never },
      ],
    ] as const) {
      const { asked, context: asking } = run(context);
      expect(await attempt(asking)).toMatchObject(done);
      expect(asked).toEqual([OWN]);
    }
    assertNoBareKey(base, context.folder);
  });

  test('is asked for before the lock is taken', async () => {
    const { context } = await encrypted();
    // Under the lock this would wait for itself, and end as `busy`.
    const passphrase = () => withLock(context.folder, () => PASSPHRASE, { waitMs: 1000 });
    const asking = () => ({ ...context, keys: new Keyring({ passphrase }) });
    await issue(asking(), ['api.test']);
    await mtls(asking(), 'api', { client: ['web'] });
    await replaceNamed(asking(), undefined);
    await protect(asking(), undefined);
    await unprotect(asking(), undefined);
    await protect(asking(), undefined, { keepKey: true });
  });

  test('keeps it that way when it is replaced, permitted more, rotated or imported over', async () => {
    const { base, context, stores } = await encrypted();
    await issue(run(context).context, ['api.test']);
    await mtls(run(context).context, 'api', { client: ['web'] });
    const foreign = await createAuthority('a@b', undefined, context.host.now());
    mkdirSync(join(base, 'import'));
    const files = { root: 'root.pem', issuer: 'issuer.pem', issuerKey: 'issuer-key.pem' } as const;
    for (const [part, name] of Object.entries(files))
      writeFileSync(join(base, 'import', name), foreign[part as keyof typeof files]);
    const steps: ((it: Context) => Promise<unknown>)[] = [
      (it) => replaceNamed(it, undefined),
      (it) => install(it, { permit: ['corp.dev'] }),
      (it) => mtlsRotate(it, { dir: 'api' }),
      (it) => mtlsRotate(it, { dir: 'api', issue: true }),
      (it) => mtlsRotate(it, { dir: 'api', finish: true }),
      (it) => importAuthority(it, [join(base, 'import')], { force: true }),
    ];
    for (const [index, step] of steps.entries()) {
      const { asked, context: asking } = run(context);
      await step(asking);
      expect({ index, times: Math.min(asked.length, 1) === asked.length }).toEqual({
        index,
        times: true,
      });
      expect(readKeeping(context.folder)).toEqual({ way: 'passphrase', wasOpen: false });
      expect(openKeysIn(context.folder)).toEqual([]);
      if (index < 5) assertNoBareKey(base, context.folder);
    }
    // What was imported lies open where it came from, and nowhere else.
    const [imported] = authorityKeysIn(context.folder, PASSPHRASE);
    expect(imported && filesWithKey(base, imported)).toEqual(['import/issuer-key.pem']);
    expect(stores[0]?.roots.size).toBe(1);
  });

  test('gives way to no authority whose key lies open, whoever asks', async () => {
    const { context } = await encrypted();
    const bare = await createAuthority('a@b', undefined, context.host.now());
    await expect(stagePending(context.folder, bare)).rejects.toMatchObject({
      code: 'refused',
      hint: 'if that is meant, first: devcert ca unprotect',
    });
    expect(openKeysIn(context.folder)).toEqual([]);
  });

  test('of which nobody knows the passphrase any more gives way to a new one', async () => {
    const { context, stores, result } = await encrypted();
    const { asked, context: asking } = run(context, 'another horse');
    const next = await protect(asking, undefined);
    expect(asked).toEqual([`new: ${OWN}`]);
    expect(next).toMatchObject({ replaced: true, keeping: { way: 'passphrase', wasOpen: false } });
    expect(next.root).not.toBe(result.root);
    expect(stores[0]?.roots).toEqual(new Set([next.root]));
    expect(await issue(run(context, 'another horse').context, ['a.test'])).toMatchObject({
      issued: true,
    });
  });

  test('can be exported, with a password of the file’s own', async () => {
    const { context } = await encrypted();
    const { asked, context: asking } = run(context);
    const file = join(context.cwd, 'ca.pem');
    await exportAuthority(asking, undefined, { withKey: true, password: 'long enough', file });
    expect(asked).toEqual([OWN]);
    const key = createPrivateKey({ key: readFileSync(file), passphrase: 'long enough' });
    expect((await loadAuthority(context.folder)).issuer.checkPrivateKey(key)).toBe(true);
  });

  test('uninstall needs no passphrase, and leaves nothing', async () => {
    const { context, stores } = await encrypted();
    expect(await uninstall(context, { purge: true })).toMatchObject({ purged: true });
    expect(stores[0]?.roots.size).toBe(0);
    expect(existsSync(context.folder)).toBe(false);
  });

  test('a replacement that was cut short is finished with the passphrase, and not without', async () => {
    const { context, stores } = await encrypted();
    await issue(run(context).context, ['api.test']);
    // As a replacement that was killed when the new authority had just taken over: what it is to issue is due.
    const old = await createAuthority('a@b', undefined, context.host.now());
    const sha256 = sha256Of(new X509Certificate(old.root));
    writeFileSync(join(context.folder, 'retired', `${sha256}.pem`), old.root);
    stores[0]?.roots.add(sha256);
    const later = new Date(context.host.now().getTime() + 380 * 86_400_000);
    const due = { ...context, host: { ...context.host, now: () => later } };
    const alone = { ...due, keys: new Keyring() };
    await expect(install(alone)).rejects.toMatchObject({ code: 'password' });
    expect(stores[0]?.roots.has(sha256)).toBe(true);
    expect((await status(due)).authority?.earlierRoots).toEqual([sha256]);
    const { asked, context: asking } = run(due);
    expect((await install(asking)).renewed).toHaveLength(1);
    expect(asked).toEqual([OWN]);
    expect(stores[0]?.roots.has(sha256)).toBe(false);
    expect((await status(due)).authority?.earlierRoots).toEqual([]);
  });
});

describe('protect()', () => {
  test('a new authority takes over: trusted first, then the old one leaves every store', async () => {
    const { base, context, stores, ran } = projectMachine();
    const first = await install(context);
    await issue(context, ['shop.test']);
    const [lay] = authorityKeysIn(context.folder, '');
    ran.length = 0;
    const result = await protect(run(context).context, undefined);
    expect(result).toMatchObject({
      replaced: true,
      keeping: { way: 'passphrase', wasOpen: false },
      earlierRoots: [],
    });
    expect(ran.map(({ args: [verb, , root] }) => [verb, root])).toEqual([
      ['add', result.root],
      ['add', result.root],
      ['remove', first.root],
      ['remove', first.root],
    ]);
    expect(stores.map(({ roots }) => [...roots])).toEqual([[result.root], [result.root]]);
    assertNoBareKey(base, context.folder);
    expect(lay && filesWithKey(base, lay)).toEqual([]);
    const leaf = new X509Certificate(readFileSync(join(context.cwd, '.devcert/cert.pem')));
    expect(leaf.verify((await loadAuthority(context.folder)).issuer.publicKey)).toBe(true);
  });

  test('is not done while a store trusts the old root, and says so', async () => {
    const { context, stores } = projectMachine();
    const first = await install(context);
    const keeps = stores[1];
    if (keeps === undefined) throw new Error('no second store');
    // It adds, and does not let go.
    keeps.roots.delete = () => false;
    const result = await protect(run(context).context, undefined);
    expect(result).toMatchObject({ replaced: true, earlierRoots: [first.root] });
    expect((await status(context)).authority?.earlierRoots).toEqual([first.root]);
    expect((await showAuthority(context)).earlierRoots).toEqual([first.root]);
    Reflect.deleteProperty(keeps.roots, 'delete');
    await install(run(context).context);
    expect((await status(context)).authority?.earlierRoots).toEqual([]);
  });

  test('a store that refuses the new root keeps the old authority, open as it was', async () => {
    const { context } = projectMachine();
    const first = await install(context);
    const trusting = projectMachine([{ behaviour: 'fails' }]);
    trusting.stores[0]?.roots.add(first.root ?? '');
    const failing: Context = {
      ...context,
      finders: trusting.finders,
      host: { ...context.host, run: trusting.host.run },
    };
    const result = await protect(run(failing).context, undefined);
    expect(result).toMatchObject({ replaced: false, root: first.root, keeping: { way: 'file' } });
    expect(readPending(context.folder)).toBeUndefined();
  });

  test('one that waits from a killed run is dropped if it is not kept so', async () => {
    const { base, context, stores } = projectMachine();
    await install(context);
    const waiting = await createAuthority(
      'a@b',
      (await loadAuthority(context.folder)).constraints,
      context.host.now(),
    );
    await stagePending(context.folder, waiting);
    const result = await protect(run(context).context, undefined);
    expect(readFileSync(join(context.folder, 'root.pem'), 'utf8')).not.toBe(waiting.root);
    assertNoBareKey(base, context.folder);
    expect(filesWithKey(base, createPrivateKey(waiting.issuerKey))).toEqual([]);
    expect(stores[0]?.roots).toEqual(new Set([result.root]));
  });

  test('{ keepKey } encrypts the key that is there, and warns of what may be copied', async () => {
    const { base, context } = projectMachine();
    const result = await install(context);
    const [lay] = authorityKeysIn(context.folder, '');
    const { asked, context: asking } = run(context);
    const kept = await protect(asking, undefined, { keepKey: true });
    expect(asked).toEqual([`new: ${OWN}`]);
    expect(kept).toMatchObject({
      root: result.root,
      keeping: { way: 'passphrase', wasOpen: true },
      notes: [expect.stringContaining('backup')],
    });
    expect(lay && filesWithKey(base, lay)).toEqual([]);
    expect(statSync(join(context.folder, 'issuer-key.pem')).mode & 0o777).toBe(seenMode(0o600));
    expect((await status(context)).authority?.keeping).toEqual({
      way: 'passphrase',
      wasOpen: true,
    });
    await expect(protect(asking, undefined, { keepKey: true })).rejects.toMatchObject({
      code: 'refused',
      hint: expect.stringMatching(/devcert ca protect$/) as string,
    });
  });

  test('{ keepKey } leaves no open key of one that was to take over either', async () => {
    const { base, context } = projectMachine();
    await install(context);
    const waiting = await createAuthority('a@b', undefined, context.host.now());
    await stagePending(context.folder, waiting);
    await protect(run(context).context, undefined, { keepKey: true });
    expect(filesWithKey(base, createPrivateKey(waiting.issuerKey))).toEqual([]);
    assertNoBareKey(base, context.folder);
  });

  test('an imported authority keeps its key, encrypted', async () => {
    const { base, context } = projectMachine();
    const foreign = await createAuthority('a@b', undefined, context.host.now());
    const file = join(base, 'ca.pem');
    writeFileSync(file, foreign.root + foreign.issuer + foreign.issuerKey);
    await importAuthority(context, [file], { name: 'company' });
    rmSync(file);
    await expect(protect(run(context).context, 'company')).rejects.toMatchObject({
      code: 'refused',
      hint: 'encrypt that: devcert ca protect company --keep-key',
    });
    const { asked, context: asking } = run(context);
    const result = await protect(asking, 'company', { keepKey: true });
    expect(asked).toEqual(['new: the key of the CA "company"']);
    expect(result).toMatchObject({ keeping: { way: 'passphrase' }, origin: { files: [file] } });
    expect(filesWithKey(base, createPrivateKey(foreign.issuerKey))).toEqual([]);
  });

  test('refuses what has no key, or none that could be encrypted', async () => {
    const { base, context } = projectMachine();
    await expect(protect(context, undefined)).rejects.toMatchObject({ code: 'no-authority' });
    const foreign = await createAuthority('a@b', undefined, context.host.now());
    writeFileSync(join(base, 'root.pem'), foreign.root);
    await importAuthority(context, [join(base, 'root.pem')], { name: 'root', trustOnly: true });
    for (const options of [{}, { keepKey: true }])
      await expect(protect(run(context).context, 'root', options)).rejects.toMatchObject({
        code: 'invalid-authority',
      });
    await install(context, { sealed: ['api.test'] });
    for (const attempt of [
      () => protect(run(context).context, undefined),
      () => protect(run(context).context, undefined, { keepKey: true }),
      () => install(run(context).context, { passphrase: true }),
    ])
      await expect(attempt()).rejects.toMatchObject({
        code: 'refused',
        hint: expect.stringContaining('--sealed api.test') as string,
      });
  });
});

describe('unprotect()', () => {
  test('writes the same key into an open file again, with its passphrase', async () => {
    const { context, result } = await encrypted();
    const open = await unprotect(run(context).context, undefined);
    expect(open).toMatchObject({ root: result.root, keeping: { way: 'file' } });
    expect(openKeysIn(context.folder)).toEqual(['issuer-key.pem']);
    expect(existsSync(join(context.folder, 'keeping.json'))).toBe(false);
    expect(statSync(join(context.folder, 'issuer-key.pem')).mode & 0o777).toBe(seenMode(0o600));
    expect(await issue(context, ['api.test'])).toMatchObject({ issued: true });
    await expect(unprotect(context, undefined)).rejects.toMatchObject({
      code: 'refused',
      message: `${OWN} is not encrypted`,
    });
  });
});

describe('authorities that have names', () => {
  test('createNamed({ passphrase }): made encrypted, asked for by its name', async () => {
    const { base, context } = projectMachine();
    const { asked, context: asking } = run(context);
    await createNamed(asking, 'people', { clientsOnly: true, passphrase: true });
    expect(asked).toEqual(['new: the key of the CA "people"']);
    const named = contextOf(context, 'people');
    assertNoBareKey(base, named.folder);
    await expect(issue({ ...named }, ['ada@example.test'], { client: true })).rejects.toMatchObject(
      {
        code: 'password',
        message: 'the key of the CA "people" needs its passphrase',
      },
    );
    const again = run(named);
    await issue(again.context, ['ada@example.test'], { client: true });
    expect(again.asked).toEqual(['the key of the CA "people"']);
  });

  test('a name that is taken is refused before anybody is asked', async () => {
    const { context } = projectMachine();
    await createNamed(context, 'people');
    const { asked, context: asking } = run(context);
    await expect(createNamed(asking, 'people', { passphrase: true })).rejects.toMatchObject({
      code: 'refused',
    });
    expect(asked).toEqual([]);
  });

  test('a set of two authorities with one passphrase asks once', async () => {
    const { context } = projectMachine();
    await install(run(context).context, { passphrase: true });
    await createNamed(run(context).context, 'people', { clientsOnly: true, passphrase: true });
    const { asked, context: asking } = run(context);
    await mtls(asking, 'api', { clientCa: 'people', client: ['web', 'cron'] });
    expect(asked).toEqual([OWN]);
  });

  test('importAuthority({ passphrase }) keeps what it took encrypted', async () => {
    const { base, context } = projectMachine();
    const foreign = await createAuthority('a@b', undefined, context.host.now());
    const file = join(base, 'ca.pem');
    writeFileSync(file, foreign.root + foreign.issuer + foreign.issuerKey);
    const result = await importAuthority(run(context).context, [file], { passphrase: true });
    expect(result).toMatchObject({ keeping: { way: 'passphrase', wasOpen: false } });
    expect(filesWithKey(base, createPrivateKey(foreign.issuerKey))).toEqual(['ca.pem']);
    await expect(
      importAuthority(context, [file], { name: 'x', passphrase: true, trustOnly: true }),
    ).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('renewDue() with an encrypted key', () => {
  test('asks once for all that is due, and nobody where nothing is', async () => {
    const { context } = await encrypted();
    for (const out of ['a', 'b']) await issue(run(context).context, ['api.test'], { out });
    expect(await renewDue(context)).toMatchObject({ looked: 2, renewed: [] });
    const later = new Date(context.host.now().getTime() + 380 * 86_400_000);
    const due = { ...context, host: { ...context.host, now: () => later } };
    const needs = { reason: `${OWN} needs its passphrase` };
    expect(await renewDue({ ...due, keys: new Keyring() })).toMatchObject({
      renewed: [needs, needs],
    });
    const { asked, context: asking } = run(due);
    const { renewed } = await renewDue(asking);
    expect(renewed.map(({ reason }) => reason)).toEqual([undefined, undefined]);
    expect(asked).toEqual([OWN]);
  });
});

describe('certificateFor() with an encrypted key', () => {
  test('takes the pair in the project while it is good, and asks nobody', async () => {
    const { context } = await encrypted();
    await issue(run(context).context, ['api.test']);
    const { cert, key, ca } = await certificateFor(context, ['api.test']);
    const read = (name: string) => readFileSync(join(context.cwd, '.devcert', name), 'utf8');
    expect([cert, key, ca]).toEqual([read('cert.pem'), read('key.pem'), read('ca.pem')]);
  });

  test('asks when it is due, or for other names; without an answer it is `password`', async () => {
    const { context } = await encrypted();
    await issue(run(context).context, ['api.test']);
    const later = new Date(context.host.now().getTime() + 380 * 86_400_000);
    const due = { ...context, host: { ...context.host, now: () => later } };
    for (const [at, names] of [
      [due, ['api.test']],
      [context, ['shop.test']],
    ] as const) {
      await expect(certificateFor(at, [...names])).rejects.toMatchObject({ code: 'password' });
      const { asked, context: asking } = run(at);
      await certificateFor(asking, [...names]);
      expect(asked).toEqual([OWN]);
    }
  });
});
