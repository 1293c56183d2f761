import { createHash, X509Certificate, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  createNamed,
  importAuthority,
  listAuthorities,
  replaceNamed,
  showAuthority,
} from '../../src/commands/ca.ts';
import { exportAuthority } from '../../src/commands/ca-export.ts';
import { removeNamed } from '../../src/commands/ca-remove.ts';
import { type Context, contextOf } from '../../src/commands/context.ts';
import { install } from '../../src/commands/install.ts';
import { issue } from '../../src/commands/issue.ts';
import { status } from '../../src/commands/status.ts';
import { uninstall } from '../../src/commands/uninstall.ts';
import { encodePrivateKey, generateKey, keyIdentifier, type KeyType } from '../../src/keys.ts';
import { encodeEncryptedKey } from '../../src/keystore/encrypted-key.ts';
import { encodePkcs12KeyStore } from '../../src/keystore/pkcs12.ts';
import { keySigner } from '../../src/signer/key.ts';
import { signCertificate } from '../../src/x509/certificate.ts';
import { contextTag, oid, octetString, sequence, boolean } from '../../src/x509/der.ts';
import {
  authorityConstraints,
  authorityKeyIdentifier,
  extendedKeyUsage,
  keyUsage,
  leafConstraints,
  nameConstraints,
  subjectKeyIdentifier,
} from '../../src/x509/extensions.ts';
import { readSubject, readUsages } from '../../src/x509/read.ts';
import { encodeSubject } from '../../src/x509/subject.ts';
import { seenMode } from '../helpers/can.ts';
import { projectMachine } from '../helpers/stores.ts';
import { oddKey } from '../helpers/odd-keys.ts';

const NOW = new Date('2026-11-24T12:00:00Z');
const DAY_MS = 86_400_000;

interface Made {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

/** Somebody's authority, below `parent` or a root. */
async function foreign(
  name: string,
  parent?: Made,
  options: { key?: KeyType; keyObject?: KeyObject; extensions?: Buffer[]; days?: number } = {},
): Promise<Made> {
  const key = options.keyObject ?? generateKey(options.key ?? 'p256');
  const subject = encodeSubject({ organization: 'Company', commonName: name });
  const der = await signCertificate(
    {
      issuer: parent === undefined ? subject : readSubject(parent.certificate.raw),
      subject,
      key,
      notBefore: new Date(NOW.getTime() - 400 * DAY_MS),
      notAfter: new Date(NOW.getTime() + (options.days ?? 900) * DAY_MS),
      extensions: [
        ...(options.extensions ?? [authorityConstraints(1), keyUsage('keyCertSign', 'cRLSign')]),
        subjectKeyIdentifier(keyIdentifier(key)),
        ...(parent === undefined ? [] : [authorityKeyIdentifier(keyIdentifier(parent.key))]),
      ],
    },
    keySigner(parent?.key ?? key),
  );
  return { certificate: new X509Certificate(der), key };
}

function file(context: Context, name: string, ...parts: (string | Buffer)[]): string {
  const path = join(context.cwd, name);
  writeFileSync(path, Buffer.concat(parts.map((part) => Buffer.from(part))));
  return path;
}

const pem = ({ certificate }: Made) => certificate.toString();
const keyPem = ({ key }: Made) => encodePrivateKey(key);

describe('createNamed()', () => {
  test('makes one that issues by its name, and none that was not made', async () => {
    const { context } = projectMachine();
    const made = await createNamed(context, 'srv', { permit: ['corp.example.com'] });
    expect(made).toMatchObject({ name: 'srv', clientsOnly: false, origin: undefined });
    expect(made.commonName).toContain('srv');
    const target = contextOf(context, 'srv');
    expect(await issue(target, ['app.corp.example.com'])).toMatchObject({ issued: true });
    expect(existsSync(join(context.folder, 'root.pem'))).toBe(false);
    await expect(createNamed(context, 'srv')).rejects.toMatchObject({ code: 'refused' });
    await expect(createNamed(context, 'default')).rejects.toMatchObject({ code: 'usage' });
    for (const name of ['../x', 'A', 'con', ''])
      await expect(createNamed(context, name)).rejects.toMatchObject({ code: 'usage' });
    for (const act of [issue(contextOf(context, 'nope'), []), install(contextOf(context, 'nope'))])
      await expect(act).rejects.toMatchObject({
        code: 'no-authority',
        exitCode: 3,
        hint: 'devcert ca create nope',
      });
    expect(listAuthorities(context).map(({ name }) => name)).toEqual(['srv']);
    expect(statSync(join(target.folder, 'issuer-key.pem')).mode & 0o777).toBe(seenMode(0o600));
  });

  test('--clients-only: clientAuth alone, no server, no store, not even after a replacement', async () => {
    const { context, ran } = projectMachine();
    await createNamed(context, 'people', { clientsOnly: true });
    const target = contextOf(context, 'people');
    for (let round = 0; round < 2; round++) {
      for (const name of ['root.pem', 'issuer.pem'])
        expect(
          readUsages(new X509Certificate(readFileSync(join(target.folder, name))).raw),
        ).toEqual(['clientAuth']);
      await expect(install(target)).rejects.toMatchObject({ code: 'refused', exitCode: 6 });
      await expect(install(target, { permit: ['example.com'] })).rejects.toMatchObject({
        code: 'refused',
      });
      await expect(issue(target, ['localhost'], { out: 's' })).rejects.toMatchObject({
        code: 'refused',
      });
      const out = `client${round}`;
      expect(await issue(target, ['ada@example.test'], { client: true, out })).toMatchObject({
        issued: true,
      });
      expect(await status(target)).toMatchObject({ exitCode: 0, stores: [] });
      expect(await replaceNamed(context, 'people')).toMatchObject({
        replaced: true,
        outcomes: [],
        clientsOnly: true,
      });
    }
    expect(ran).toEqual([]);
  });
});

describe('importAuthority()', () => {
  test('takes a root with its key as minica and mkcert keep it: the leaf goes alone', async () => {
    const { context } = projectMachine();
    const root = await foreign('Root', undefined, { key: 'rsa2048' });
    const folder = join(context.cwd, 'caroot');
    mkdirSync(folder);
    for (const names of [
      ['minica.pem', 'minica-key.pem'],
      ['rootCA.pem', 'rootCA-key.pem'],
    ]) {
      writeFileSync(join(folder, names[0] ?? ''), pem(root));
      writeFileSync(
        join(folder, names[1] ?? ''),
        root.key.export({ type: 'pkcs1', format: 'pem' }),
      );
    }
    const result = await importAuthority(context, ['caroot'], { name: 'mk' });
    expect(result.notes[0]).toContain('no name constraints');
    expect(result.origin?.files).toEqual([
      join(folder, 'rootCA.pem'),
      join(folder, 'rootCA-key.pem'),
    ]);
    const target = contextOf(context, 'mk');
    const issued = await issue(target, ['www.example.com']);
    expect(readFileSync(issued.certFile, 'utf8').match(/BEGIN/g)).toHaveLength(1);
    const leaf = new X509Certificate(readFileSync(issued.certFile));
    expect(leaf.verify(root.certificate.publicKey)).toBe(true);
    expect(await issue(target, ['www.example.com'])).toMatchObject({ issued: false });
    // Issued again over its own files, though the root's copy names no devcert.
    expect(await issue(target, ['app.example.com'])).toMatchObject({ issued: true });
    await expect(install(target, { permit: ['example.org'] })).resolves.toMatchObject({
      authority: 'kept',
    });
    const env = { CAROOT: folder };
    const byWord = { ...context, host: { ...context.host, env } };
    expect(await importAuthority(byWord, ['mkcert'])).toMatchObject({ name: 'default' });
  });

  test.each(['p256', 'p384', 'rsa2048'] as const)(
    'takes an intermediate with a key of type %s and its root, in every form',
    async (type) => {
      const { context } = projectMachine();
      const root = await foreign('Root');
      const middle = await foreign('Middle', root, { key: type, days: 100 });
      const password = 'correct horse';
      const store = encodePkcs12KeyStore(
        {
          key: middle.key,
          alias: 'ca',
          certificates: [middle.certificate.raw, root.certificate.raw],
        },
        { password },
      );
      file(context, 'root.der', root.certificate.raw);
      file(context, 'middle.pem', pem(middle));
      file(context, 'plain.pem', keyPem(middle));
      file(context, 'locked.pem', encodeEncryptedKey(middle.key, password));
      file(context, 'all.p12', store);
      file(context, 'all.pem', pem(root), keyPem(middle), pem(middle));
      const pair = { key: 'plain.pem', root: 'root.der' };
      const forms = [
        [['middle.pem'], pair],
        [['middle.pem', 'root.der', 'locked.pem'], { password }],
        [['all.p12'], { password }],
        [['all.pem'], {}],
      ] as const;
      for (const [index, [sources, options]] of forms.entries()) {
        const name = `n${index}`;
        await importAuthority(context, sources, { ...options, name });
        const target = contextOf(context, name);
        const out = name;
        const { certFile, notAfter } = await issue(target, ['x.test'], { out });
        expect(readFileSync(certFile, 'utf8').match(/BEGIN/g)).toHaveLength(2);
        // Never past the first of the chain that ends.
        expect(notAfter.getTime()).toBe(Date.parse(middle.certificate.validTo));
        expect(readFileSync(join(context.cwd, name, 'ca.pem'), 'utf8')).toBe(pem(root));
      }
      await expect(
        importAuthority(context, ['middle.pem', 'root.der', 'locked.pem'], { name: 'x' }),
      ).rejects.toMatchObject({ code: 'password' });
      await expect(
        importAuthority(context, ['all.p12'], { password: 'correct horsf', name: 'x' }),
      ).rejects.toMatchObject({ code: 'password' });
    },
  );

  test('keeps to the constraints of the whole chain, excluded names too', async () => {
    const { context } = projectMachine();
    const constrained = (dns: string[], excluded: string[] = []) => [
      authorityConstraints(1),
      nameConstraints({
        dns,
        ip: ['10.0.0.0/8'],
        ...(excluded.length === 0 ? {} : { excluded: { dns: excluded, ip: [] } }),
      }),
    ];
    const root = await foreign('Root', undefined, {
      extensions: constrained(['example.com', 'test']),
    });
    const middle = await foreign('Middle', root, {
      extensions: constrained(['corp.example.com', 'example.org'], ['hr.corp.example.com']),
    });
    file(context, 'ca.pem', pem(middle), pem(root), keyPem(middle));
    await importAuthority(context, ['ca.pem'], { name: 'co' });
    const target = contextOf(context, 'co');
    for (const name of ['corp.example.com', '*.app.corp.example.com', '10.1.2.3'])
      await issue(target, [name], { force: true });
    for (const name of [
      'www.example.com',
      'a.test',
      'example.org',
      'hr.corp.example.com',
      'x.hr.corp.example.com',
      '*.corp.example.com',
      '192.168.1.1',
    ])
      await expect(issue(target, [name], { force: true })).rejects.toMatchObject({
        code: 'outside-constraints',
      });
    await expect(install(target, { permit: ['example.net'] })).rejects.toMatchObject({
      code: 'refused',
    });
  });

  test('refuses every authority that would be of no use, or dangerous', async () => {
    const { context } = projectMachine();
    const root = await foreign('Root');
    const leaf = await foreign('Leaf', root, { extensions: [leafConstraints()] });
    const other = await foreign('Other');
    const bits = oddKey('rsa', { modulusLength: 1024 });
    const odd = oddKey('ec', { namedCurve: 'secp256k1' });
    // A certificate that names the root as its issuer, signed by somebody else.
    const forged = await foreign('Forged', { certificate: root.certificate, key: other.key });
    const low = await foreign('Low', undefined, { extensions: [authorityConstraints(0)] });
    const below = await foreign('Below', low, { extensions: [authorityConstraints(0)] });
    const mail = sequence(
      oid('2.5.29.30'),
      boolean(true),
      octetString(
        sequence(
          contextTag(
            0,
            true,
            sequence(contextTag(4, true, encodeSubject({ organization: 'Company' }))),
          ),
        ),
      ),
    );
    const cases: [string, (string | Buffer)[], string][] = [
      ['a leaf', [pem(leaf), keyPem(leaf)], 'invalid-input'],
      ['no certificate', [keyPem(root)], 'invalid-input'],
      ['no key', [pem(root)], 'invalid-input'],
      ["another's key", [pem(root), keyPem(other)], 'invalid-input'],
      ["a leaf's key", [pem(root), pem(leaf), keyPem(leaf)], 'invalid-input'],
      ['two authorities', [pem(root), keyPem(root), pem(other), keyPem(other)], 'invalid-input'],
      ['no root', [pem(await foreign('Middle', root)), keyPem(root)], 'invalid-input'],
      ['a signature of another', [pem(forged), pem(root), keyPem(forged)], 'invalid-input'],
      ['path length', [pem(below), pem(low), keyPem(below)], 'refused'],
      ...(await Promise.all(
        (
          [
            ['expired', { days: -1 }, 'expired'],
            [
              'clients only',
              { extensions: [authorityConstraints(0), extendedKeyUsage('clientAuth')] },
              'refused',
            ],
            [
              'no keyCertSign',
              { extensions: [authorityConstraints(0), keyUsage('cRLSign')] },
              'invalid-input',
            ],
            ['directory names', { extensions: [authorityConstraints(0), mail] }, 'refused'],
          ] as const
        ).map(async ([title, options, code]): Promise<[string, string[], string]> => {
          const made = await foreign('Bad', undefined, {
            ...options,
            extensions:
              'extensions' in options ? [...options.extensions] : [authorityConstraints(0)],
          });
          return [title, [pem(made), keyPem(made)], code];
        }),
      )),
      [
        'garbage',
        ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
        'invalid-input',
      ],
    ];
    for (const keyObject of [bits, odd]) {
      const weak = await foreign('Weak', root, { keyObject });
      cases.push(['a weak key', [pem(weak), pem(root), keyPem(weak)], 'weak-key']);
    }
    for (const [title, parts, code] of cases) {
      file(context, 'bad.pem', ...parts);
      const attempt = importAuthority(context, ['bad.pem'], { name: 'bad' });
      await expect(attempt, title).rejects.toMatchObject({
        code,
        hint: expect.any(String) as string,
      });
      expect(existsSync(join(context.folder, 'authorities')), title).toBe(false);
    }
    await expect(importAuthority(context, ['nothing.pem'])).rejects.toMatchObject({ code: 'file' });
    await expect(importAuthority(context, [])).rejects.toMatchObject({ code: 'usage' });
    await expect(importAuthority(context, ['.'])).rejects.toMatchObject({ code: 'invalid-input' });
  });

  test('--clients-only keeps an authority for everything out of the stores', async () => {
    const { context } = projectMachine();
    const root = await foreign('Root');
    file(context, 'ca.pem', pem(root), keyPem(root));
    await importAuthority(context, ['ca.pem'], { name: 'co', clientsOnly: true });
    await expect(install(contextOf(context, 'co'))).rejects.toMatchObject({ code: 'refused' });
    expect(await showAuthority(context, 'co')).toMatchObject({ clientsOnly: true, issued: 0 });
  });

  test('--trust-only: a root that is trusted and issues nothing', async () => {
    const { context, stores } = projectMachine();
    const root = await foreign('Root');
    file(context, 'ca.pem', pem(root));
    const target = contextOf(context, 'co');
    await importAuthority(context, ['ca.pem'], { name: 'co', trustOnly: true });
    expect(await showAuthority(context, 'co')).toMatchObject({
      problem: expect.stringContaining('key') as string,
    });
    expect((await install(target)).outcomes.map(({ status }) => status)).toEqual([
      'trusted',
      'trusted',
    ]);
    await expect(issue(target, [])).rejects.toMatchObject({ code: 'invalid-authority' });
    await uninstall(context);
    for (const store of stores) expect(store.roots.size).toBe(0);
  });

  test('does not take the place of the default authority without --force', async () => {
    const { context, stores } = projectMachine();
    await install(context);
    const issued = await issue(context, ['x.test']);
    const root = await foreign('Root');
    file(context, 'ca.pem', pem(root), keyPem(root));
    await expect(importAuthority(context, ['ca.pem'])).rejects.toMatchObject({
      code: 'refused',
      exitCode: 6,
    });
    const result = await importAuthority(context, ['ca.pem'], { force: true });
    expect(result).toMatchObject({ replaced: true, renewed: [{ files: [issued.certFile] }] });
    const leaf = new X509Certificate(readFileSync(issued.certFile));
    expect(leaf.verify(root.certificate.publicKey)).toBe(true);
    const sha256 = createHash('sha256').update(root.certificate.raw).digest('hex');
    for (const store of stores) expect(store.roots).toEqual(new Set([sha256]));
  });
});

describe('replaceNamed()', () => {
  test('only the stores that trusted the old root trust the new one', async () => {
    const { context, stores } = projectMachine();
    await createNamed(context, 'srv', { permit: ['example.com'] });
    const target = contextOf(context, 'srv');
    const { certFile } = await issue(target, ['a.example.com']);
    await install(target, { stores: 'nss' });
    const old = await showAuthority(context, 'srv');
    const result = await replaceNamed(context, 'srv');
    expect(result).toMatchObject({ replaced: true, constraints: old.constraints });
    expect(result.root).not.toBe(old.root);
    expect(stores.map(({ roots }) => [...roots])).toEqual([[], [result.root]]);
    const leaf = new X509Certificate(readFileSync(certFile));
    const issuer = new X509Certificate(readFileSync(join(target.folder, 'issuer.pem')));
    expect(leaf.verify(issuer.publicKey)).toBe(true);
    await expect(replaceNamed(context, 'nope')).rejects.toMatchObject({ code: 'no-authority' });
  });
});

describe('exportAuthority()', () => {
  test('gives the root; the key only encrypted, and it comes back by import', async () => {
    const { context } = projectMachine();
    await createNamed(context, 'srv');
    const target = contextOf(context, 'srv');
    const root = readFileSync(join(target.folder, 'root.pem'), 'utf8');
    expect((await exportAuthority(context, 'srv')).pem).toBe(root);
    await exportAuthority(context, 'srv', { file: 'r.cer', der: true });
    expect(readFileSync(join(context.cwd, 'r.cer'))).toEqual(new X509Certificate(root).raw);
    await exportAuthority(context, 'srv', { out: 'team' });
    expect(readFileSync(join(context.cwd, 'team/srv-root.pem'), 'utf8')).toBe(root);
    for (const options of [{ withKey: true }, { withKey: true, file: 'k.pem' }, { der: true }])
      await expect(exportAuthority(context, 'srv', options)).rejects.toThrow();
    await expect(
      exportAuthority(context, 'srv', { withKey: true, file: 'k.pem', password: 'short' }),
    ).rejects.toMatchObject({ code: 'password' });
    const password = 'long enough';
    const { notes } = await exportAuthority(context, 'srv', {
      withKey: true,
      file: 'k.pem',
      password,
    });
    expect(notes[0]).toContain('can issue');
    const text = readFileSync(join(context.cwd, 'k.pem'), 'utf8');
    expect(text).toContain('BEGIN ENCRYPTED PRIVATE KEY');
    expect(text).not.toContain('BEGIN PRIVATE KEY');
    expect(statSync(join(context.cwd, 'k.pem')).mode & 0o777).toBe(seenMode(0o600));
    await importAuthority(context, ['k.pem'], { name: 'back', password });
    expect((await showAuthority(context, 'back')).root).toBe(
      (await showAuthority(context, 'srv')).root,
    );
    file(context, 'notes.txt', 'precious');
    await expect(exportAuthority(context, 'srv', { file: 'notes.txt' })).rejects.toMatchObject({
      code: 'file',
    });
    await expect(exportAuthority(context, 'srv', { file: 'k.pem' })).rejects.toMatchObject({
      code: 'file',
    });
  });
});

describe('uninstall(), status() and removeNamed()', () => {
  test('without a name all authorities leave the stores, with --purge the disk', async () => {
    const { context, stores } = projectMachine();
    await install(context);
    await createNamed(context, 'srv');
    await createNamed(context, 'more');
    await install(contextOf(context, 'srv'));
    expect(stores[0]?.roots.size).toBe(2);
    expect((await status(context)).others.map(({ name }) => name)).toEqual(['more', 'srv']);
    await uninstall(contextOf(context, 'srv'));
    expect(stores[0]?.roots.size).toBe(1);
    await install(contextOf(context, 'srv'));
    expect((await uninstall(context)).hadAuthority).toBe(true);
    for (const store of stores) expect(store.roots.size).toBe(0);
    await install(contextOf(context, 'srv'));
    expect((await uninstall(context, { purge: true })).purged).toBe(true);
    for (const store of stores) expect(store.roots.size).toBe(0);
    expect(existsSync(context.folder)).toBe(false);
  });

  test('remove takes one away, and the folder above it with the last one', async () => {
    const { context, stores } = projectMachine();
    await createNamed(context, 'a');
    await createNamed(context, 'b');
    await install(contextOf(context, 'a'));
    expect((await removeNamed(context, 'a')).outcomes).toHaveLength(2);
    for (const store of stores) expect(store.roots.size).toBe(0);
    await removeNamed(context, 'b');
    expect(existsSync(join(context.folder, 'authorities'))).toBe(false);
    await expect(removeNamed(context, 'a')).rejects.toMatchObject({ code: 'no-authority' });
    await expect(removeNamed(context, 'default')).rejects.toMatchObject({ code: 'usage' });
  });

  test('remove keeps an authority that a store still trusts', async () => {
    const { context, stores } = projectMachine();
    await createNamed(context, 'a');
    const bad = projectMachine([{ behaviour: 'fails' }]);
    const { root } = await showAuthority(context, 'a');
    bad.stores[0]?.roots.add(root);
    const stuck = { ...context, host: bad.host, finders: bad.finders };
    await expect(removeNamed(stuck, 'a')).rejects.toMatchObject({ code: 'store' });
    expect((await showAuthority(context, 'a')).root).toBe(root);
    expect(stores).toHaveLength(2);
  });
});
