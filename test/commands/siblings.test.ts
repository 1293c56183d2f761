import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createNamed, replaceNamed } from '../../src/commands/ca.ts';
import { type Context, contextOf, issuedBy } from '../../src/commands/context.ts';
import { exportCertificate } from '../../src/commands/export.ts';
import { issue } from '../../src/commands/issue.ts';
import { mtls } from '../../src/commands/mtls.ts';
import { loadAuthority } from '../../src/authority/folder.ts';
import { ledgerFile, readLedger } from '../../src/ledger/ledger.ts';
import { fakeHost, stateAt, temporaryFolder } from '../helpers/host.ts';

/** A default authority with a certificate in `.devcert`, and another one named `other`. */
async function twoAuthorities() {
  const base = temporaryFolder();
  const context: Context = {
    host: fakeHost(),
    finders: [],
    ...stateAt(join(base, 'state')),
    cwd: join(base, 'project'),
  };
  mkdirSync(context.cwd);
  await issue(context, ['localhost']);
  await createNamed(context, 'other');
  const certFile = join(context.cwd, '.devcert/cert.pem');
  return { context, other: contextOf(context, 'other'), certFile };
}

async function isIssuedBy(certFile: string, { folder }: Context): Promise<boolean> {
  const { issuer } = await loadAuthority(folder);
  return new X509Certificate(readFileSync(certFile)).verify(issuer.publicKey);
}

const listed = (context: Context) => issuedBy(context).map(({ certFile }) => certFile);

describe('the files of another authority of the same user', () => {
  test('are replaced without --force, and are no longer listed for the earlier one', async () => {
    const { context, other, certFile } = await twoAuthorities();
    expect((await issue(other, ['localhost'])).issued).toBe(true);
    expect(await isIssuedBy(certFile, other)).toBe(true);
    expect([listed(context), listed(other)]).toEqual([[], [certFile]]);
    await issue(context, ['localhost']);
    expect(await isIssuedBy(certFile, context)).toBe(true);
    expect([listed(context), listed(other)]).toEqual([[certFile], []]);
  });

  test('are not replaced for an authority of another state folder', async () => {
    const { context, certFile } = await twoAuthorities();
    const before = readFileSync(certFile);
    const elsewhere = stateAt(join(temporaryFolder(), 'state'));
    const stranger = { ...context, ...elsewhere, defaultFolder: context.folder };
    await expect(issue(stranger, ['localhost'])).rejects.toMatchObject({
      code: 'file',
      message: `"${certFile}" is there already and a CA that is not here issued it`,
    });
    expect(readFileSync(certFile)).toEqual(before);
  });

  test('in a folder that was moved are known by the issuer’s signature', async () => {
    const { context, other, certFile } = await twoAuthorities();
    const moved = join(context.cwd, 'moved');
    renameSync(dirname(certFile), moved);
    expect((await issue(other, ['localhost'], { out: 'moved' })).issued).toBe(true);
    expect(await isIssuedBy(join(moved, 'cert.pem'), other)).toBe(true);
  });

  test('exports, too', async () => {
    const { context, other } = await twoAuthorities();
    const files = ({ ca = 'default', stateFolder }: Context) =>
      readLedger(stateFolder).flatMap((entry) =>
        entry.ca === ca && entry.export !== undefined ? entry.files : [],
      ).length;
    await exportCertificate(context, { format: 'der' });
    expect([files(context), files(other)]).toEqual([2, 0]);
    expect((await issue(other, ['localhost'])).notes).toContainEqual(
      expect.stringMatching(/^cert\.der, key\.der still have the old certificate: devcert export /),
    );
    await exportCertificate(other, { format: 'der' });
    expect([files(context), files(other)]).toEqual([0, 2]);
    const both = await issue(context, ['localhost'], { format: 'der' });
    expect(both).toMatchObject({ issued: true, exports: [{ written: true }] });
    expect([files(context), files(other)]).toEqual([2, 0]);
  });

  test('are not issued again by the earlier authority when that is replaced', async () => {
    const { context, other, certFile } = await twoAuthorities();
    await issue(other, ['localhost']);
    const before = readFileSync(certFile);
    expect((await replaceNamed(context, undefined)).renewed).toEqual([]);
    expect(readFileSync(certFile)).toEqual(before);
  });

  test('a set for mutual TLS that changes its authority leaves the inventory of the old one', async () => {
    const { context, other } = await twoAuthorities();
    await mtls(context, 'api', { client: ['web'] });
    expect(listed(context)).toHaveLength(3);
    await mtls(context, 'api', { clientCa: 'other', force: true });
    expect(listed(context)).toHaveLength(2);
    expect(listed(other)).toEqual([join(context.cwd, 'api/clients/web/cert.pem')]);
  });
});

describe('replaceNamed() and what was exported', () => {
  const names = (folder: string) => readdirSync(folder).sort();
  const contents = (folder: string) =>
    Object.fromEntries(
      names(folder).map((name) => [name, readFileSync(join(folder, name), 'hex')]),
    );

  test('makes again what needs no password, and tells the rest with its command', async () => {
    const { context } = await twoAuthorities();
    const folder = join(context.cwd, '.devcert');
    const password = 'changeit-7';
    await exportCertificate(context, { format: 'der' });
    await exportCertificate(context, { format: 'combined', out: 'deploy' });
    await exportCertificate(context, { format: 'p12', password: '', file: 'open.p12' });
    await exportCertificate(context, { format: 'p12', password, alias: 'tomcat' });
    await exportCertificate(context, { format: 'pem', trust: true });
    await exportCertificate(context, {
      ...{ format: 'p12', trust: true, password, withPublicRoots: true },
    });
    const before = contents(folder);
    const { renewed } = await replaceNamed(context, undefined);
    const exports = renewed.filter(({ what }) => what === 'export');
    expect(renewed.filter(({ what }) => what === 'certificate')).toEqual([
      { what: 'certificate', files: [join(folder, 'cert.pem')] },
    ]);
    const after = contents(folder);
    const changed = names(folder).filter((name) => before[name] !== after[name]);
    expect(changed).toEqual([
      ...['ca.pem', 'cert.der', 'cert.pem', 'key.der', 'key.pem', 'truststore.pem'],
    ]);
    const told = exports.filter(({ reason }) => reason !== undefined);
    expect(told.map(({ files, reason }) => [files, reason])).toEqual([
      [[join(folder, 'keystore.p12')], 'it needs its password'],
      [[join(folder, 'truststore.p12')], 'it needs its password'],
    ]);
    // Windows' backslashes are quoted.
    const shown = (command: string) =>
      command.replaceAll(context.cwd, 'CWD').replace(/"CWD\\(\S+)"/, 'CWD/$1');
    expect(told.map(({ command = '' }) => shown(command))).toEqual([
      'devcert export --format p12 --alias tomcat --dir CWD/.devcert',
      'devcert export --trust --format p12 --with-public-roots --out CWD/.devcert',
    ]);
    expect(exports.filter(({ reason }) => reason === undefined)).toHaveLength(4);
    const leaf = new X509Certificate(readFileSync(join(folder, 'cert.pem')));
    expect(readFileSync(join(folder, 'cert.der'))).toEqual(leaf.raw);
    expect(readFileSync(join(context.cwd, 'deploy/combined.pem'), 'utf8')).toContain(
      leaf.toString(),
    );
  });

  test('leaves what somebody changed, and says nothing of what is gone or fits', async () => {
    const { context } = await twoAuthorities();
    const folder = join(context.cwd, '.devcert');
    await exportCertificate(context, { format: 'combined' });
    await exportCertificate(context, { format: 'fullchain', out: 'gone' });
    writeFileSync(join(folder, 'combined.pem'), 'mine');
    writeFileSync(join(context.cwd, 'gone/fullchain.pem'), '');
    rmSync(join(context.cwd, 'gone'), { recursive: true });
    const { renewed } = await replaceNamed(context, undefined);
    expect(renewed.filter(({ what }) => what === 'export')).toMatchObject([
      {
        files: [join(folder, 'combined.pem')],
        reason: expect.stringContaining('changed since devcert wrote it') as string,
      },
    ]);
    expect(readFileSync(join(folder, 'combined.pem'), 'utf8')).toBe('mine');
  });

  test('tells an export that an early version recorded', async () => {
    const { context } = await twoAuthorities();
    await exportCertificate(context, { format: 'der' });
    const file = ledgerFile(context.folder);
    const lines = readFileSync(file, 'utf8');
    writeFileSync(file, lines.replace(/,"options":\{[^{}]*\}/, ''));
    const { renewed } = await replaceNamed(context, undefined);
    expect(renewed.at(-1)).toMatchObject({ reason: 'an early devcert wrote it' });
  });
});
