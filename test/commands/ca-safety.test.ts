/** What an attacker, a crash or a second devcert could make of authorities, and must not. */
import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  createNamed,
  importAuthority,
  replaceNamed,
  showAuthority,
} from '../../src/commands/ca.ts';
import { exportAuthority } from '../../src/commands/ca-export.ts';
import { removeNamed } from '../../src/commands/ca-remove.ts';
import { type Context, contextOf } from '../../src/commands/context.ts';
import { install } from '../../src/commands/install.ts';
import { issue } from '../../src/commands/issue.ts';
import { uninstall } from '../../src/commands/uninstall.ts';
import { encodePrivateKey, generateKey, keyIdentifier } from '../../src/keys.ts';
import { loadAuthority } from '../../src/authority/folder.ts';
import { promotePending, readPending, stagePending } from '../../src/authority/replace.ts';
import { createAuthority } from '../../src/authority/create.ts';
import { keySigner } from '../../src/signer/key.ts';
import { signCertificate } from '../../src/x509/certificate.ts';
import { boolean, contextTag, octetString, oid, sequence } from '../../src/x509/der.ts';
import { authorityConstraints, subjectKeyIdentifier } from '../../src/x509/extensions.ts';
import { encodeSubject } from '../../src/x509/subject.ts';
import { seenMode } from '../helpers/can.ts';
import { projectMachine } from '../helpers/stores.ts';

const NOW = new Date('2026-11-24T12:00:00Z');
const DAY_MS = 86_400_000;

const machine = () => projectMachine(undefined, {}, 'config/state');

/** Writes somebody's root and its key into a file of the project. */
async function foreignRoot(
  context: Context,
  name: string,
  ...extensions: Buffer[]
): Promise<string> {
  const key = generateKey('p256');
  const subject = encodeSubject({ organization: 'Company', commonName: name });
  const der = await signCertificate(
    {
      issuer: subject,
      subject,
      key,
      notBefore: new Date(NOW.getTime() - DAY_MS),
      notAfter: new Date(NOW.getTime() + 900 * DAY_MS),
      extensions: [
        authorityConstraints(1),
        subjectKeyIdentifier(keyIdentifier(key)),
        ...extensions,
      ],
    },
    keySigner(key),
  );
  const path = join(context.cwd, `${name}.pem`);
  writeFileSync(path, new X509Certificate(der).toString() + encodePrivateKey(key));
  return path;
}

describe('an authority that was imported for clients only', () => {
  test('certifies no server, and reaches no store', async () => {
    const { context, stores } = machine();
    await importAuthority(context, [await foreignRoot(context, 'people')], {
      name: 'people',
      clientsOnly: true,
    });
    const target = contextOf(context, 'people');
    await expect(issue(target, ['a.test'])).rejects.toMatchObject({
      code: 'refused',
      hint: 'devcert --client NAME --ca NAME',
    });
    await expect(issue(target, ['a.test'], { peer: true })).rejects.toMatchObject({
      code: 'refused',
    });
    expect(await issue(target, ['ada@a.test'], { client: true })).toMatchObject({ issued: true });
    await expect(install(target)).rejects.toMatchObject({ code: 'refused' });
    for (const store of stores) expect(store.roots.size).toBe(0);
  });

  test('fails closed when its origin is damaged', async () => {
    const { context } = machine();
    await importAuthority(context, [await foreignRoot(context, 'people')], {
      name: 'people',
      clientsOnly: true,
    });
    const target = contextOf(context, 'people');
    for (const text of ['', 'null', '{"root":', '{"root":"00"}']) {
      writeFileSync(join(target.folder, 'origin.json'), text);
      await expect(install(target)).rejects.toMatchObject({ code: 'refused' });
      await expect(issue(target, ['a.test'])).rejects.toMatchObject({ code: 'refused' });
    }
  });

  test('does not take the place of one that stores trust', async () => {
    const { context, stores } = machine();
    await createNamed(context, 'srv');
    await install(contextOf(context, 'srv'));
    const before = [...(stores[0]?.roots ?? [])];
    await expect(
      importAuthority(context, [await foreignRoot(context, 'people')], {
        name: 'srv',
        clientsOnly: true,
        force: true,
      }),
    ).rejects.toMatchObject({
      code: 'refused',
      hint: expect.stringContaining('{ name:') as string,
    });
    expect([...(stores[0]?.roots ?? [])]).toEqual(before);
    expect((await showAuthority(context, 'srv')).root).toBe(before[0]);
  });

  test('is replaced by one for clients only, though nobody says so again', async () => {
    const { context, ran } = machine();
    await createNamed(context, 'people', { clientsOnly: true });
    const sources = [await foreignRoot(context, 'next')];
    expect(await replaceNamed(context, 'people', sources)).toMatchObject({ clientsOnly: true });
    await expect(install(contextOf(context, 'people'))).rejects.toMatchObject({ code: 'refused' });
    expect(ran).toEqual([]);
  });
});

describe('importAuthority()', () => {
  test('takes a network with bits behind its mask for what it means', async () => {
    const { context } = machine();
    const network = contextTag(7, false, Buffer.from([10, 0, 0, 1, 255, 0, 0, 0]));
    const constraints = sequence(
      oid('2.5.29.30'),
      boolean(true),
      octetString(sequence(contextTag(0, true, sequence(network)))),
    );
    await importAuthority(context, [await foreignRoot(context, 'net', constraints)], {
      name: 'net',
    });
    const target = contextOf(context, 'net');
    expect(await issue(target, ['10.1.2.3'])).toMatchObject({ issued: true });
    await expect(issue(target, ['11.0.0.1'], { force: true })).rejects.toMatchObject({
      code: 'outside-constraints',
    });
  });

  test('refuses a name that is taken before it reads anything', async () => {
    const { context } = machine();
    await createNamed(context, 'a');
    await expect(importAuthority(context, ['nothing'], { name: 'a' })).rejects.toMatchObject({
      code: 'refused',
    });
  });

  test('of two at once one is told that the name is taken', async () => {
    const { context } = machine();
    const files = [await foreignRoot(context, 'one'), await foreignRoot(context, 'two')];
    const results = await Promise.allSettled(
      files.map((file) => importAuthority(context, [file], { name: 'a' })),
    );
    const [done, refused] = [...results].sort((x, y) => x.status.localeCompare(y.status));
    expect(done).toMatchObject({ status: 'fulfilled' });
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'refused' } });
    const { commonName } = await showAuthority(context, 'a');
    if (done?.status === 'fulfilled') expect(done.value.commonName).toBe(commonName);
  });

  test('tells a path that cannot be, an empty one and a long one', async () => {
    const { context } = machine();
    const file = await foreignRoot(context, 'a');
    for (const [path, code] of [
      ['', 'usage'],
      [`${file}/x`, 'file'],
      ['a'.repeat(5000), 'file'],
    ] as const)
      await expect(importAuthority(context, [path], { name: 'x' })).rejects.toMatchObject({
        code,
        hint: expect.any(String) as string,
      });
    expect(existsSync(context.folder)).toBe(false);
  });
});

describe('replacing', () => {
  test('of two at once none crashes, and stores trust what is there alone', async () => {
    const { context, stores } = machine();
    await createNamed(context, 'a');
    await install(contextOf(context, 'a'));
    const runs = [
      replaceNamed(context, 'a'),
      replaceNamed(context, 'a', [await foreignRoot(context, 'one')]),
      replaceNamed(context, 'a', [await foreignRoot(context, 'two')]),
    ];
    for (const run of await Promise.allSettled(runs))
      if (run.status === 'rejected') expect(run.reason).toMatchObject({ code: 'busy' });
    await install(contextOf(context, 'a')); // takes up what may be left
    const { root } = await showAuthority(context, 'a');
    for (const store of stores) expect([...store.roots]).toEqual([root]);
  });

  test('promotePending() leaves another one alone that waits by now', async () => {
    const { context } = machine();
    await createNamed(context, 'a');
    const { folder } = contextOf(context, 'a');
    const before = (await loadAuthority(folder)).root.fingerprint256;
    await stagePending(folder, await createAuthority('a@b', undefined, NOW));
    const first = readPending(folder);
    await stagePending(folder, await createAuthority('a@b', undefined, NOW));
    const second = readPending(folder);
    if (first === undefined || second === undefined) throw new Error('nothing is pending');
    await expect(promotePending(folder, first)).rejects.toMatchObject({ code: 'busy' });
    expect((await loadAuthority(folder)).root.fingerprint256).toBe(before);
    await promotePending(folder, second);
    await promotePending(folder, second); // done already
    expect((await loadAuthority(folder)).root.fingerprint256).toBe(second.root.fingerprint256);
  });

  test('an intermediate that was exchanged below the same root is not taken for the old one', async () => {
    const { context } = machine();
    await createNamed(context, 'a');
    const target = contextOf(context, 'a');
    const one = await createAuthority('a@b', undefined, NOW);
    await stagePending(target.folder, one);
    const two = await createAuthority('a@b', undefined, NOW);
    const file = join(context.cwd, 'two.pem');
    writeFileSync(file, two.issuer + two.root + two.issuerKey);
    await replaceNamed(context, 'a', [file]);
    expect(readFileSync(join(target.folder, 'issuer-key.pem'), 'utf8')).toBe(two.issuerKey);
  });

  test('a retired root is remembered while a store holds it that was left out', async () => {
    const { context, stores } = machine();
    await install(context);
    const old = (await showAuthority(context)).root;
    await replaceNamed(context, undefined);
    const retired = join(context.folder, 'retired');
    const roots = () => readdirSync(retired).filter((name) => /^[0-9a-f]{64}/.test(name));
    expect(roots()).toEqual([]);
    await replaceNamed(context, undefined);
    // As after a store that failed: its root and the note of it are still there.
    const now = await showAuthority(context);
    const stale = (await createAuthority('a@b', undefined, NOW)).root;
    const sha256 = new X509Certificate(stale).fingerprint256.replaceAll(':', '').toLowerCase();
    writeFileSync(join(retired, `${sha256}.pem`), stale);
    writeFileSync(join(retired, '.left.devcert-tmp'), ''); // of a run that was killed
    for (const store of stores) store.roots.add(sha256);
    await install(context, { stores: 'nss' });
    expect([...(stores[0]?.roots ?? [])]).toContain(sha256);
    expect(existsSync(join(retired, `${sha256}.pem`))).toBe(true);
    await uninstall(context);
    for (const store of stores) expect(store.roots.size).toBe(0);
    expect(old).not.toBe(now.root);
  });
});

describe('ca replace and ca export', () => {
  test('refuse what they would pass over in silence', async () => {
    const { context } = machine();
    await createNamed(context, 'a');
    const sources = [await foreignRoot(context, 'one')];
    for (const act of [
      replaceNamed(context, 'a', [], { key: 'one.pem' }),
      replaceNamed(context, 'a', sources, { permit: ['corp.example'] }),
    ])
      await expect(act).rejects.toMatchObject({
        code: 'usage',
        hint: expect.any(String) as string,
      });
  });

  test("the file of somebody else's root stays, one of ours is written anew", async () => {
    const { context } = machine();
    await createNamed(context, 'a');
    const [file, theirs] = ['a.crt', 'theirs.crt'].map((name) => join(context.cwd, name));
    if (file === undefined || theirs === undefined) throw new Error('no paths');
    const text = readFileSync(await foreignRoot(context, 'one'), 'utf8');
    writeFileSync(theirs, text.slice(0, text.indexOf('-----BEGIN PRIVATE')));
    await expect(exportAuthority(context, 'a', { file: theirs })).rejects.toMatchObject({
      code: 'file',
      hint: expect.stringContaining('{ force: true }') as string,
    });
    await exportAuthority(context, 'a', { file });
    await replaceNamed(context, 'a');
    const { sha256 } = await exportAuthority(context, 'a', { file });
    const written = new X509Certificate(readFileSync(file));
    expect(written.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(sha256);
  });
});

describe('the folders of authorities with names', () => {
  test('are closed to others, and go with the last one', async () => {
    const { context, base } = machine();
    await createNamed(context, 'a');
    for (const folder of [context.folder, join(context.folder, 'authorities')])
      expect(statSync(folder).mode & 0o777).toBe(seenMode(0o700));
    expect((await issue(context, ['localhost'])).notes.join()).not.toContain('open to others');
    await removeNamed(context, 'a');
    await uninstall(context, { purge: true });
    expect(existsSync(join(base, 'config'))).toBe(false);
    await importAuthority(context, [await foreignRoot(context, 'one')], { name: 'b' });
    await removeNamed(context, 'b');
    expect(existsSync(join(base, 'config'))).toBe(false);
    await createNamed(context, 'c');
    await uninstall(contextOf(context, 'c'), { purge: true });
    expect(existsSync(join(base, 'config'))).toBe(false);
  });

  test("no key stays because of a stranger's file", async () => {
    const { context } = machine();
    await install(context);
    await createNamed(context, 'a');
    const foreign = join(context.folder, 'authorities', 'notes.txt');
    writeFileSync(foreign, 'mine');
    expect((await uninstall(context, { purge: true })).purged).toBe(false);
    expect(existsSync(join(context.folder, 'issuer-key.pem'))).toBe(false);
    expect(existsSync(join(dirname(foreign), 'a'))).toBe(false);
    expect(readFileSync(foreign, 'utf8')).toBe('mine');
    rmSync(foreign);
  });

  test('a file in their place is told', async () => {
    const { context } = machine();
    await install(context);
    writeFileSync(join(context.folder, 'authorities'), '');
    await expect(createNamed(context, 'a')).rejects.toMatchObject({ code: 'file' });
    await expect(uninstall(context)).rejects.toMatchObject({ code: 'file' });
  });
});
