import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { replaceNamed } from '../../src/commands/ca.ts';
import type { Context } from '../../src/commands/context.ts';
import { install } from '../../src/commands/install.ts';
import { issue } from '../../src/commands/issue.ts';
import { status } from '../../src/commands/status.ts';
import { uninstall } from '../../src/commands/uninstall.ts';
import { createAuthority } from '../../src/authority/create.ts';
import { stagePending } from '../../src/authority/replace.ts';
import { defaultConstraints } from '../../src/names/constraints.ts';
import { addPermits } from '../../src/names/permit.ts';
import { seenMode } from '../helpers/can.ts';
import { keyTypeOf } from '../../src/keys.ts';
import { projectMachine } from '../helpers/stores.ts';
import { stateNames } from '../helpers/state.ts';

const statuses = (outcomes: readonly { status: string }[]) => outcomes.map(({ status }) => status);

describe('install()', () => {
  test('makes the authority once and has every store trust it', async () => {
    const { context, stores } = projectMachine();
    const first = await install(context);
    expect(first).toMatchObject({ authority: 'created', renewed: [] });
    expect(statuses(first.outcomes)).toEqual(['trusted', 'trusted']);
    const again = await install(context);
    expect(again).toMatchObject({ authority: 'kept', root: first.root });
    expect(statuses(again.outcomes)).toEqual(['already-trusted', 'already-trusted']);
    expect(stores[0]?.roots).toEqual(new Set([first.root]));
    expect(stateNames(context.folder)).toEqual([
      'devcert-state.json',
      'folders',
      'issuer-key.pem',
      'issuer.pem',
      'root.pem',
    ]);
    expect(statSync(context.folder).mode & 0o777).toBe(seenMode(0o700));
    expect(statSync(join(context.folder, 'issuer-key.pem')).mode & 0o777).toBe(seenMode(0o600));
  });

  test('takes --stores with white space and refuses an unknown word (statement 40)', async () => {
    const { context } = projectMachine();
    const result = await install(context, { stores: ' nss , '.replace(', ', '') });
    expect(result.outcomes.map(({ kind }) => kind)).toEqual(['nss']);
    await expect(install(context, { stores: 'nss,sytem' })).rejects.toMatchObject({
      code: 'usage',
      hint: "{ stores: 'system,nss' }",
    });
    await expect(install(context, { stores: '' })).rejects.toMatchObject({ code: 'usage' });
  });

  test('a kind that was asked for and is not here says so (statement 40)', async () => {
    const { context, finders } = projectMachine();
    const withJava = {
      ...context,
      finders: [...finders, { kind: 'java' as const, find: () => Promise.resolve([]) }],
    };
    const result = await install(withJava, { stores: 'java' });
    expect(result.outcomes).toMatchObject([
      { kind: 'java', status: 'failed', reason: expect.stringContaining('JAVA_HOME') as string },
    ]);
    expect(statuses((await install(withJava)).outcomes)).toEqual(['trusted', 'trusted']);
  });

  test('an authority that has expired is trusted by nobody, and replaced when asked', async () => {
    const { context, ran } = projectMachine();
    const { root } = await install(context);
    ran.length = 0;
    const later = (year: string): Context => {
      const now = () => new Date(`${year}-11-24T12:00:00Z`);
      return { ...context, host: { ...context.host, now } };
    };
    for (const options of [{}, { dryRun: true }])
      await expect(install(later('2040'), options)).rejects.toMatchObject({
        code: 'expired',
        exitCode: 5,
        message: expect.stringMatching(/^the CA expired on .* 2036/) as string,
        hint: 'make a new one and issue all again: devcert ca replace',
      });
    expect(ran).toEqual([]);
    const reason = /^it is in it, and it expired on .* 2036/;
    expect(await status(later('2040'))).toMatchObject({
      exitCode: 5,
      stores: [{ state: 'partial', reason: expect.stringMatching(reason) as string }, {}],
    });
    await expect(install(later('2020'))).rejects.toMatchObject({
      code: 'expired',
      message: expect.stringContaining("this machine's clock says") as string,
    });
    expect(await status(later('2020'))).toMatchObject({
      exitCode: 4,
      stores: [
        { state: 'partial', reason: expect.stringContaining('it is valid from') as string },
        {},
      ],
    });
    const next = await replaceNamed(later('2040'), undefined);
    expect(next.root).not.toBe(root);
    const installed = await install(later('2040'));
    expect(installed.notAfter?.getFullYear()).toBe(2050);
    expect(statuses(installed.outcomes)).toEqual(['already-trusted', 'already-trusted']);
    expect((await status(later('2040'))).exitCode).toBe(0);
  });

  test('an expired root whose key is elsewhere is not trusted anew either', async () => {
    const { context } = projectMachine();
    await install(context);
    rmSync(join(context.folder, 'issuer-key.pem'));
    const now = () => new Date('2040-01-01T00:00:00Z');
    await expect(install({ ...context, host: { ...context.host, now } })).rejects.toMatchObject({
      code: 'expired',
    });
  });

  test('a store that lacks but a program leaves install and status at 0, and is named', async () => {
    const lacking = { reason: 'no certutil', hint: 'apt', needed: true, lacks: 'certutil' };
    const { context } = projectMachine([{}, { kind: 'nss', unavailable: lacking }]);
    const { outcomes } = await install(context);
    expect(outcomes).toMatchObject([
      { status: 'trusted' },
      { status: 'skipped', lacks: 'certutil' },
    ]);
    expect(await status(context)).toMatchObject({
      exitCode: 0,
      stores: [{ state: 'trusted' }, { state: 'unavailable', lacks: 'certutil' }],
    });
    const alone = projectMachine([{ kind: 'nss', unavailable: lacking }]).context;
    await install(alone);
    expect((await status(alone)).exitCode).toBe(4);
  });

  test('a dry run makes nothing and runs nothing', async () => {
    const { context, ran } = projectMachine();
    const result = await install(context, { dryRun: true });
    expect(result).toMatchObject({ root: undefined, authority: 'created' });
    expect(statuses(result.outcomes)).toEqual(['planned', 'planned']);
    expect(existsSync(context.folder)).toBe(false);
    expect(ran).toEqual([]);
  });

  test('--permit replaces the authority, issues again, and takes the old root away', async () => {
    const { context, stores } = projectMachine();
    const first = await install(context);
    const issued = await issue(context, ['localhost', 'api.test'], { key: 'p384', days: 90 });
    await expect(issue(context, ['app.corp.example.com'])).rejects.toMatchObject({
      code: 'outside-constraints',
      exitCode: 6,
      hint: expect.stringContaining('devcert install --permit app.corp.example.com') as string,
    });
    const second = await install(context, { permit: ['example.com'] });
    expect(second.authority).toBe('replaced');
    expect(second.root).not.toBe(first.root);
    expect(second.constraints?.dns).toContain('example.com');
    expect(second.constraints?.dns).toContain('localhost');
    for (const store of stores) expect(store.roots).toEqual(new Set([second.root]));
    expect(second.renewed).toEqual([{ what: 'certificate', files: [issued.certFile] }]);
    const reissued = new X509Certificate(readFileSync(issued.certFile));
    expect(reissued.subjectAltName).toBe('DNS:localhost, DNS:api.test');
    expect(keyTypeOf(reissued.publicKey)).toBe('p384');
    expect(
      Math.round((Date.parse(reissued.validTo) - context.host.now().getTime()) / 86_400_000),
    ).toBe(90);
    expect(stateNames(context.folder)).toEqual([
      'devcert-state.json',
      'folders',
      'issuer-key.pem',
      'issuer.pem',
      'ledger.jsonl',
      'root.pem',
    ]);
    await issue(context, ['app.corp.example.com'], { out: 'corp' });
    // Permitted already: nothing to replace.
    expect(await install(context, { permit: ['example.com'] })).toMatchObject({
      authority: 'kept',
      root: second.root,
    });
  });

  test('status says what an authority may certify, also where its key is damaged', async () => {
    const { context } = projectMachine();
    await install(context);
    const constraints = (await status(context)).authority?.constraints;
    expect(constraints?.dns).toContain('localhost');
    writeFileSync(join(context.folder, 'issuer-key.pem'), 'damaged');
    const { authority } = await status(context);
    expect(authority?.problem).toContain('issuer-key.pem');
    expect(authority?.constraints).toEqual(constraints);
  });

  test('--permit renews the root where it is: the machine’s store, though nobody says so again', async () => {
    const { context, stores } = projectMachine([{ scope: 'machine' }, { scope: 'user' }]);
    const [inMachine, inUser] = stores;
    await install(context, { machine: true });
    expect(inUser?.roots.size).toBe(0);
    const { root } = await install(context, { permit: ['example.com'] });
    expect(inMachine?.roots).toEqual(new Set([root]));
    expect(inUser?.roots.size).toBe(0);
    expect(await status(context)).toMatchObject({
      exitCode: 0,
      stores: [{ store: 'store 0', state: 'trusted' }],
    });
    // Asked for by name, the machine's is shown whatever is in it.
    expect((await status(context, { machine: true })).stores).toHaveLength(1);
    expect((await uninstall(context, { purge: true })).purged).toBe(true);
    expect(inMachine?.roots.size).toBe(0);
  });

  test('a store that would lose its trust keeps the old authority everywhere', async () => {
    const good = projectMachine();
    await install(good.context);
    const before = new Set(good.stores[1]?.roots);
    const bad = projectMachine([{}, { kind: 'nss', behaviour: 'fails' }]);
    for (const store of bad.stores) for (const root of before) store.roots.add(root);
    const context = { ...good.context, host: bad.host, finders: bad.finders };
    const result = await install(context, { permit: ['example.com'] });
    expect(result.authority).toBe('kept');
    expect(statuses(result.outcomes)).toEqual(['trusted', 'failed']);
    for (const store of bad.stores) expect(store.roots).toEqual(before);
    expect(existsSync(join(context.folder, 'pending'))).toBe(false);
  });

  test('takes up a replacement that was cut short, or drops it', async () => {
    const { context, stores } = projectMachine();
    await install(context);
    const wanted = await addPermits(defaultConstraints(context.host.hostname), ['example.com']);
    const pending = await createAuthority('ada@engine', wanted, context.host.now());
    await stagePending(context.folder, pending);
    const pendingRoot = new X509Certificate(pending.root).fingerprint256
      .replaceAll(':', '')
      .toLowerCase();
    for (const store of stores) store.roots.add(pendingRoot);
    const kept = await install(context);
    expect(kept.authority).toBe('kept');
    for (const store of stores) expect(store.roots).toEqual(new Set([kept.root]));

    await stagePending(context.folder, pending);
    const taken = await install(context, { permit: ['example.com'] });
    expect(taken).toMatchObject({ authority: 'replaced', root: pendingRoot });
  });

  test('refuses a public suffix and contradicting options', async () => {
    const { context } = projectMachine();
    await expect(install(context, { permit: ['co.uk'] })).rejects.toMatchObject({
      code: 'refused',
    });
    await expect(
      install(context, { permit: ['example.com'], constraints: false }),
    ).rejects.toMatchObject({ code: 'usage' });
    expect(existsSync(context.folder)).toBe(false);
  });

  test('--no-constraints makes an authority for every name', async () => {
    const { context } = projectMachine();
    expect((await install(context, { constraints: false })).constraints).toBeUndefined();
    expect(await issue(context, ['example.com'])).toMatchObject({ names: ['example.com'] });
  });

  test('refuses to run under sudo (a second authority, root’s, helps nobody)', async () => {
    const { context } = projectMachine(undefined, { isRoot: true, env: { SUDO_USER: 'ada' } });
    await expect(install(context)).rejects.toMatchObject({ code: 'refused', exitCode: 6 });
    await expect(issue(context, [])).rejects.toMatchObject({ code: 'refused' });
    expect(existsSync(context.folder)).toBe(false);
  });

  test('installs a root whose key is missing or unreadable (statement 4)', async () => {
    const { context } = projectMachine();
    await install(context);
    rmSync(join(context.folder, 'issuer-key.pem'));
    expect(statuses((await install(context)).outcomes)).toEqual([
      'already-trusted',
      'already-trusted',
    ]);
    await expect(issue(context, [])).rejects.toMatchObject({
      code: 'invalid-authority',
      message: expect.stringContaining('issuer-key.pem is missing') as string,
    });
  });
});
