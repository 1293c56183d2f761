import { X509Certificate } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { summaryLines } from '../../src/cli/ca/lines.ts';
import { readKeeping } from '../../src/authority/keeping.ts';
import { loadAuthority } from '../../src/authority/folder.ts';
import { stagePending } from '../../src/authority/replace.ts';
import { createAuthority } from '../../src/authority/create.ts';
import {
  createNamed,
  importAuthority,
  listAuthorities,
  replaceNamed,
  showAuthority,
} from '../../src/commands/ca.ts';
import { exportAuthority } from '../../src/commands/ca-export.ts';
import { certificateFor } from '../../src/commands/certificate.ts';
import { type Context, contextOf } from '../../src/commands/context.ts';
import { csr } from '../../src/commands/csr.ts';
import { install } from '../../src/commands/install.ts';
import { issue } from '../../src/commands/issue.ts';
import { mtls } from '../../src/commands/mtls.ts';
import { sign } from '../../src/commands/sign.ts';
import { status } from '../../src/commands/status.ts';
import { uninstall } from '../../src/commands/uninstall.ts';
import { readEachConstraints } from '../../src/x509/read.ts';
import { openKeysIn } from '../helpers/bare-keys.ts';
import { hasLinks, seenMode } from '../helpers/can.ts';
import { stateNames } from '../helpers/state.ts';
import { projectMachine } from '../helpers/stores.ts';

const certificateIn = (...path: string[]) => new X509Certificate(readFileSync(join(...path)));

async function sealed(names = ['api.test', '127.0.0.1']) {
  const machine = projectMachine();
  const result = await install(machine.context, { sealed: names });
  return { ...machine, result };
}

describe('install({ sealed })', () => {
  test('makes an authority for these names, its one certificate, and keeps no key of either', async () => {
    const { base, context, stores, result } = await sealed();
    expect(result).toMatchObject({
      authority: 'created',
      certificate: { issued: true, names: ['api.test', '127.0.0.1'] },
      constraints: { dns: ['api.test'], ip: ['127.0.0.1/32'] },
    });
    expect(stores[0]?.roots).toEqual(new Set([result.root]));
    expect(stateNames(context.folder)).toEqual([
      'devcert-state.json',
      'folders',
      'issuer.pem',
      'keeping.json',
      'ledger.jsonl',
      'root.pem',
    ]);
    expect(openKeysIn(base)).toEqual(['project/.devcert/key.pem']);
    expect(statSync(join(context.cwd, '.devcert/key.pem')).mode & 0o777).toBe(seenMode(0o600));

    const root = certificateIn(context.folder, 'root.pem');
    const issuer = certificateIn(context.folder, 'issuer.pem');
    const leaf = certificateIn(context.cwd, '.devcert/cert.pem');
    expect(leaf.verify(issuer.publicKey) && issuer.verify(root.publicKey)).toBe(true);
    // They end together: a root that outlives its last certificate is trusted for nothing.
    expect([root.validTo, issuer.validTo]).toEqual([leaf.validTo, leaf.validTo]);
  });

  test('names without an address exclude all addresses, and the other way round', async () => {
    for (const [names, constraints] of [
      [['*.app.test'], { dns: ['app.test'], excluded: { dns: [], ip: ['0.0.0.0/0', '::/0'] } }],
      [['::1'], { dns: ['invalid'], ip: ['::1/128'] }],
    ] as const) {
      const { context } = await sealed([...names]);
      for (const file of ['root.pem', 'issuer.pem'])
        expect(readEachConstraints([certificateIn(context.folder, file).raw])).toMatchObject([
          constraints,
        ]);
    }
  });

  test('needs names, takes none that is everybody’s, and no other constraints', async () => {
    const { context, stores } = projectMachine();
    for (const [options, code] of [
      [{ sealed: [] }, 'usage'],
      [{ sealed: ['co.uk'] }, 'refused'],
      [{ sealed: ['api.test'], permit: ['corp.example'] }, 'usage'],
      [{ sealed: ['api.test'], constraints: false }, 'usage'],
      [{ out: 'x' }, 'usage'],
      [{ sealed: ['my_shop.test'] }, 'invalid-name'],
    ] as const)
      await expect(install(context, options)).rejects.toMatchObject({ code });
    expect(existsSync(context.folder)).toBe(false);
    expect(stores[0]?.roots.size).toBe(0);
  });

  test('somebody’s file in the certificate’s place is refused before anything is made', async () => {
    const { context } = projectMachine();
    mkdirSync(join(context.cwd, '.devcert'));
    writeFileSync(join(context.cwd, '.devcert/cert.pem'), 'mine\n');
    await expect(install(context, { sealed: ['api.test'] })).rejects.toMatchObject({
      code: 'file',
    });
    expect(existsSync(context.folder)).toBe(false);
    const { certificate } = await install(context, { sealed: ['api.test'], force: true });
    expect(certificate).toMatchObject({ issued: true });
  });

  test.runIf(hasLinks)(
    'a place where the certificate cannot be written is refused before anything is made, forced or not',
    async () => {
      const { context } = projectMachine();
      mkdirSync(join(context.cwd, 'elsewhere'));
      const folder = join(context.cwd, '.devcert');
      for (const place of [
        () => {
          symlinkSync('elsewhere', folder);
        },
        () => {
          writeFileSync(folder, '');
        },
      ]) {
        place();
        for (const force of [false, true])
          await expect(install(context, { sealed: ['api.test'], force })).rejects.toMatchObject({
            code: 'file',
          });
        rmSync(folder);
      }
      mkdirSync(folder);
      symlinkSync('../elsewhere/key', join(folder, 'key.pem'));
      await expect(install(context, { sealed: ['api.test'], force: true })).rejects.toMatchObject({
        code: 'file',
      });
      expect(existsSync(context.folder)).toBe(false);
      expect(readdirSync(join(context.cwd, 'elsewhere'))).toEqual([]);
    },
  );

  test('a dry run makes nothing', async () => {
    const { context } = projectMachine();
    const result = await install(context, { sealed: ['api.test'], dryRun: true });
    expect(result).toMatchObject({ authority: 'created', constraints: { dns: ['api.test'] } });
    expect([context.folder, join(context.cwd, '.devcert')].filter((it) => existsSync(it))).toEqual(
      [],
    );
  });
});

describe('a sealed authority', () => {
  test('stays for the same names; a pair that is there is used and nothing is signed', async () => {
    const { context, result } = await sealed();
    const again = await install(context, { sealed: ['127.0.0.1', 'api.test'] });
    expect(again).toMatchObject({ authority: 'kept', root: result.root });
    expect(await install(context)).toMatchObject({ authority: 'kept', root: result.root });
    const issued = await issue(context, ['api.test', '127.0.0.1']);
    expect(issued).toMatchObject({ issued: false, sha256: result.certificate?.sha256 });
  });

  test('gives way to another for other names: new root trusted, old one removed', async () => {
    const { context, stores, result } = await sealed();
    const next = await install(context, { sealed: ['shop.test'] });
    expect(next).toMatchObject({ authority: 'replaced', certificate: { names: ['shop.test'] } });
    expect(next.root).not.toBe(result.root);
    expect(stores[0]?.roots).toEqual(new Set([next.root]));
    expect(readKeeping(context.folder)).toMatchObject({ way: 'sealed', names: ['shop.test'] });
    const leaf = certificateIn(context.cwd, '.devcert/cert.pem');
    expect(leaf.verify((await loadAuthority(context.folder)).issuer.publicKey)).toBe(true);
  });

  test('is made anew when its certificate is gone or about to end', async () => {
    const { context, stores, result } = await sealed(['api.test']);
    // As after a run that was killed between the authority and its certificate.
    rmSync(join(context.cwd, '.devcert'), { recursive: true });
    const again = await install(context, { sealed: ['api.test'] });
    expect(again).toMatchObject({ authority: 'replaced', certificate: { issued: true } });
    expect(again.root).not.toBe(result.root);
    const later = new Date(context.host.now().getTime() + 380 * 86_400_000);
    const due = { ...context, host: { ...context.host, now: () => later } };
    const next = await install(due, { sealed: ['api.test'] });
    expect(next).toMatchObject({ authority: 'replaced', certificate: { issued: true } });
    expect(next.root).not.toBe(again.root);
    expect(stores[0]?.roots).toEqual(new Set([next.root]));
  });

  test('stays whole if a store refuses the next one', async () => {
    const { context, result } = await sealed(['api.test']);
    const before = readFileSync(join(context.cwd, '.devcert/cert.pem'), 'utf8');
    const trusting = projectMachine([{ behaviour: 'fails' }]);
    trusting.stores[0]?.roots.add(result.root ?? '');
    const failing = {
      ...context,
      finders: trusting.finders,
      host: { ...context.host, run: trusting.host.run },
    };
    const next = await install(failing, { sealed: ['shop.test'] });
    expect(next).toMatchObject({ authority: 'kept', root: result.root });
    expect(readFileSync(join(context.cwd, '.devcert/cert.pem'), 'utf8')).toBe(before);
    expect(readKeeping(context.folder)).toMatchObject({ names: ['api.test'] });
  });

  test('can do nothing else, and each says the line that makes another', async () => {
    const { context } = await sealed(['api.test']);
    await csr(context, ['api.test'], { out: 'csr' });
    const foreign = await createAuthority('a@b', undefined, context.host.now());
    writeFileSync(join(context.cwd, 'ca.pem'), foreign.root + foreign.issuer + foreign.issuerKey);
    const out = join(context.cwd, 'elsewhere');
    const attempts: Record<string, () => Promise<unknown>> = {
      issue: () => issue(context, ['shop.test', 'a.test'], { out }),
      force: () => issue(context, ['api.test'], { force: true }),
      sign: () => sign(context, 'csr/csr.pem', { out }),
      certificateFor: () => certificateFor(context, ['api.test']),
      mtls: () => mtls(context, 'api', { client: ['web'], out }),
      'ca export': () =>
        exportAuthority(context, undefined, {
          ...{ withKey: true, password: 'long enough', file: 'key.pem' },
        }),
      'ca replace': () => replaceNamed(context, undefined),
      'ca replace --import': () => replaceNamed(context, undefined, ['ca.pem']),
      'ca import --force': () => importAuthority(context, ['ca.pem'], { force: true }),
      permit: () => install(context, { permit: ['corp.example'] }),
      'no constraints': () => install(context, { constraints: false }),
    };
    for (const [what, attempt] of Object.entries(attempts))
      await expect(attempt(), what).rejects.toMatchObject({
        code: 'refused',
        exitCode: 6,
        hint: expect.stringMatching(
          what === 'mtls'
            ? /devcert install --sealed localhost api\.localhost$/
            : what === 'issue'
              ? /devcert install --sealed shop\.test a\.test$/
              : /devcert install --sealed api\.test$/,
        ) as string,
      });
    expect(existsSync(out)).toBe(false);
    expect(existsSync(join(context.cwd, 'key.pem'))).toBe(false);
  });

  test('is never replaced by one with a key, whoever asks', async () => {
    const { context } = await sealed(['api.test']);
    const bare = await createAuthority('a@b', undefined, context.host.now());
    await expect(stagePending(context.folder, bare)).rejects.toMatchObject({ code: 'refused' });
    expect(openKeysIn(context.folder)).toEqual([]);
  });

  test('is told by status and `ca show` as it is, not as damage', async () => {
    const { context } = await sealed(['api.test']);
    const keeping = { way: 'sealed', names: ['api.test'] };
    const told = await status(context);
    expect(told).toMatchObject({ exitCode: 0, authority: { keeping } });
    expect(told.authority?.problem).toBeUndefined();
    expect(await showAuthority(context)).toMatchObject({ keeping, issued: 1 });
    expect((await showAuthority(context)).problem).toBeUndefined();
  });

  test('a damaged record is damage: nothing is guessed', async () => {
    const { context } = await sealed(['api.test']);
    writeFileSync(join(context.folder, 'keeping.json'), '{ "way": "some');
    await expect(issue(context, ['a.test'])).rejects.toMatchObject({ code: 'invalid-authority' });
    expect((await status(context)).authority?.problem).toContain('keeping.json');
  });

  test('uninstall needs no key; with --purge nothing is left, and install makes one with a key', async () => {
    const { context, stores } = await sealed(['api.test']);
    expect(await uninstall(context, { purge: true })).toMatchObject({ purged: true });
    expect(stores[0]?.roots.size).toBe(0);
    expect(existsSync(context.folder)).toBe(false);
    await install(context);
    expect(openKeysIn(context.folder)).toEqual(['issuer-key.pem']);
  });

  test('takes the place of one whose key lay in a file: no copy of that is left', async () => {
    const { base, context, stores } = projectMachine();
    const first = await install(context);
    await issue(context, ['shop.test'], { out: 'shop' });
    expect(openKeysIn(context.folder)).toEqual(['issuer-key.pem']);
    const next = await install(context, { sealed: ['api.test'] });
    expect(stores[0]?.roots).toEqual(new Set([next.root]));
    expect(next.root).not.toBe(first.root);
    expect(openKeysIn(base).sort()).toEqual(['project/.devcert/key.pem', 'project/shop/key.pem']);
    // What the old one issued cannot be issued again, and is told.
    expect(next.renewed.filter(({ reason }) => reason !== undefined)).toMatchObject([
      {
        files: [join(context.cwd, 'shop/cert.pem')],
        reason: expect.stringContaining('is sealed') as string,
      },
    ]);
  });

  test('may have a name', async () => {
    const { context } = projectMachine();
    await createNamed(context, 'shop');
    const named: Context = contextOf(context, 'shop');
    await install(named, { sealed: ['shop.test'] });
    expect(openKeysIn(named.folder)).toEqual([]);
    expect(await showAuthority(context, 'shop')).toMatchObject({ keeping: { way: 'sealed' } });
    await createNamed(context, 'people', { clientsOnly: true });
    const listed = listAuthorities(context);
    expect(listed).toMatchObject([
      { name: 'people', keeping: { way: 'file' } },
      { name: 'shop', keeping: { way: 'sealed' } },
    ]);
    const plain = (text: string) => text;
    const [people, shop] = summaryLines(listed, { good: plain, bad: plain, dim: plain });
    expect(people).toMatch(/^ {2}people .* key in a file /);
    expect(people?.match(/key in a file/g)).toHaveLength(1);
    expect(shop).toMatch(/^ {2}shop .* sealed /);
  });
});
