import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { install } from '../../src/commands/install.ts';
import { issue } from '../../src/commands/issue.ts';
import { status } from '../../src/commands/status.ts';
import { uninstall } from '../../src/commands/uninstall.ts';
import { hasModes, seenMode } from '../helpers/can.ts';
import { projectMachine } from '../helpers/stores.ts';

const statuses = (outcomes: readonly { status: string }[]) => outcomes.map(({ status }) => status);

describe('issue()', () => {
  test('finds a valid pair without taking the lock', async () => {
    const { context } = projectMachine();
    await issue(context, ['api.test']);
    // A folder in its place: whoever wants the lock fails.
    mkdirSync(join(context.folder, 'devcert.lock'));
    expect(await issue(context, ['api.test'])).toMatchObject({ issued: false });
    await expect(issue(context, ['other.test'])).rejects.toMatchObject({ code: 'file' });
  });

  test('writes leaf and issuer, key, root and .gitignore', async () => {
    const { context } = projectMachine();
    const result = await issue(context, ['localhost', 'api.test', '127.0.0.1']);
    expect(result).toMatchObject({ issued: true, authorityCreated: true, keyType: 'p256' });
    const folder = join(context.cwd, '.devcert');
    expect(readdirSync(folder).sort()).toEqual(['.gitignore', 'ca.pem', 'cert.pem', 'key.pem']);
    expect(readFileSync(join(folder, 'cert.pem'), 'utf8').match(/BEGIN CERTIFICATE/g)).toHaveLength(
      2,
    );
    expect(statSync(join(folder, 'key.pem')).mode & 0o777).toBe(seenMode(0o600));
    expect(result.notes.some((note) => note.includes('devcert install'))).toBe(true);
    expect(result.notes.some((note) => note.includes('BoringSSL'))).toBe(true);
    expect(result.notes.some((note) => note.includes('api.test'))).toBe(true);
  });

  test('keeps a valid pair, and issues anew for other names, another key or --force', async () => {
    const { context } = projectMachine();
    const first = await issue(context, ['localhost', 'api.test']);
    expect(await issue(context, ['api.test', 'localhost'])).toMatchObject({
      issued: false,
      sha256: first.sha256,
    });
    for (const [names, options] of [
      [['localhost'], {}],
      [['localhost'], { key: 'p384' }],
      [['localhost'], { days: 10 }],
      [['localhost'], { days: 10, force: true }],
    ] as const)
      expect(await issue(context, names, options)).toMatchObject({ issued: true });
    expect(await issue(context, ['localhost'], { days: 10 })).toMatchObject({ issued: false });
  });

  test('issues anew when less than 30 days are left', async () => {
    const { context } = projectMachine();
    await issue(context, ['localhost']);
    const later = (days: number) => ({
      ...context,
      host: {
        ...context.host,
        now: () => new Date(context.host.now().getTime() + days * 86_400_000),
      },
    });
    expect(await issue(later(366), ['localhost'])).toMatchObject({ issued: false });
    expect(await issue(later(368), ['localhost'])).toMatchObject({ issued: true });
  });

  test('one file for both is one combined PEM with the key’s mode', async () => {
    const { context } = projectMachine();
    const result = await issue(context, [], { certFile: 'both.pem', keyFile: 'both.pem' });
    const text = readFileSync(result.certFile, 'utf8');
    expect(text.match(/BEGIN/g)).toHaveLength(3);
    expect(statSync(result.certFile).mode & 0o777).toBe(seenMode(0o600));
    expect(result.caFile).toBeUndefined();
    expect(await issue(context, [], { certFile: 'both.pem', keyFile: 'both.pem' })).toMatchObject({
      issued: false,
    });
  });

  test('never replaces what is not ours without --force (statement 21)', async () => {
    const { context } = projectMachine();
    const file = join(context.cwd, 'server.pem');
    writeFileSync(file, 'precious');
    await expect(issue(context, [], { certFile: 'server.pem' })).rejects.toMatchObject({
      code: 'file',
      hint: expect.stringContaining('{ force: true }') as string,
    });
    expect(readFileSync(file, 'utf8')).toBe('precious');
    expect(readdirSync(context.cwd)).toEqual(['server.pem']);
    expect(await issue(context, [], { certFile: 'server.pem', force: true })).toMatchObject({
      issued: true,
    });
  });

  test('a bad name makes neither authority nor folder (statement 3)', async () => {
    const { context } = projectMachine();
    for (const names of [['a..b'], ['google.com'], ['*.test']])
      await expect(issue(context, names)).rejects.toThrow();
    await expect(issue(context, [], { days: 0 })).rejects.toMatchObject({ code: 'usage' });
    await expect(issue(context, [], { days: 826 })).rejects.toMatchObject({ code: 'usage' });
    await expect(issue(context, [], { key: 'rsa1024' })).rejects.toMatchObject({ code: 'usage' });
    await expect(issue(context, [], { client: true })).rejects.toMatchObject({ code: 'usage' });
    expect(existsSync(join(context.folder, 'root.pem'))).toBe(false);
    expect(readdirSync(context.cwd)).toEqual([]);
  });

  test('an expired authority issues nothing and says what to type (statement 6)', async () => {
    const { context } = projectMachine();
    await install(context);
    const later = {
      ...context,
      host: { ...context.host, now: () => new Date('2046-01-01T00:00:00Z') },
    };
    await expect(issue(later, [])).rejects.toMatchObject({ code: 'expired', exitCode: 5 });
    expect(await status(later)).toMatchObject({ exitCode: 5 });
    expect(statuses((await uninstall(later)).outcomes)).toEqual(['removed', 'removed']);
  });

  test.runIf(hasModes)(
    'mends a folder and a key that were open to others, and says so (statement 8)',
    async () => {
      const { context } = projectMachine();
      await issue(context, []);
      const { chmodSync } = await import('node:fs');
      chmodSync(context.folder, 0o755);
      chmodSync(join(context.folder, 'issuer-key.pem'), 0o644);
      chmodSync(join(context.cwd, '.devcert/key.pem'), 0o666);
      const { notes } = await issue(context, []);
      expect(notes.filter((note) => note.includes('open to others'))).toHaveLength(3);
      expect(statSync(join(context.folder, 'issuer-key.pem')).mode & 0o777).toBe(seenMode(0o600));
      expect(statSync(join(context.cwd, '.devcert/key.pem')).mode & 0o777).toBe(seenMode(0o600));
    },
  );
});
