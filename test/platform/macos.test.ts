import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { deleteCommand, distrustCommand, macosStores, trustCommand } from '../../platform/macos.ts';
import { exportCommand, findCommand, verifyCommand } from '../../platform/macos-questions.ts';
import { explainKeychain } from '../../platform/macos-failures.ts';
import type { Command, Host } from '../../platform/types.ts';
import { createNamed, replaceNamed } from '../../src/commands/ca.ts';
import { removeNamed } from '../../src/commands/ca-remove.ts';
import { contextOf } from '../../src/commands/context.ts';
import { install } from '../../src/commands/install.ts';
import { findStores } from '../../src/commands/stores.ts';
import { status } from '../../src/commands/status.ts';
import { uninstall } from '../../src/commands/uninstall.ts';
import { createAuthority } from '../../src/authority/create.ts';
import { rootInFile } from '../../src/commands/roots.ts';
import { outcomesExitCode } from '../../src/cli/report.ts';
import { EXIT } from '../../src/errors.ts';
import { fakeHost, line } from '../helpers/host.ts';
import { mac, security, securityProcess } from '../helpers/macos.ts';

const K = '/Users/ada/Library/Keychains/login.keychain-db';
const S = '/Library/Keychains/System.keychain';
const FILE = `/private/var/root/devcert-${'cd'.repeat(8)}.pem`;
const root = {
  file: '/c/root.pem',
  sha1: 'ab'.repeat(20),
  sha256: 'cd'.repeat(32),
  commonName: 'devcert root a@b 01234567',
};
const empty = ['empty', 'empty', 'empty', 'empty'];
const ended = { exitCode: undefined, stdout: '', stderr: '' };

describe('the commands', () => {
  test.each([
    [
      trustCommand('user', root, K),
      `/usr/bin/security add-trusted-cert -r trustRoot -p ssl -p basic -k ${K} /c/root.pem`,
    ],
    [
      trustCommand('admin', root, S),
      `sudo /usr/bin/security add-trusted-cert -d -r trustRoot -p ssl -p basic -k ${S} ${FILE}`,
    ],
    [distrustCommand('user', root), '/usr/bin/security remove-trusted-cert /c/root.pem'],
    [distrustCommand('admin', root), `sudo /usr/bin/security remove-trusted-cert -d ${FILE}`],
    [
      deleteCommand('user', root, K),
      `/usr/bin/security delete-certificate -Z ${'AB'.repeat(20)} ${K}`,
    ],
    [
      deleteCommand('admin', root, S),
      `sudo /usr/bin/security delete-certificate -Z ${'AB'.repeat(20)} ${S}`,
    ],
    [
      findCommand(root, K),
      `/usr/bin/security find-certificate -a -c devcert root a@b 01234567 -Z ${K}`,
    ],
    [
      verifyCommand(['/t/0.pem', '/t/1.pem'], 'localhost'),
      '/usr/bin/security verify-cert -c /t/0.pem -c /t/1.pem -p ssl -n localhost -L -q',
    ],
    [exportCommand('user', '/t/s'), '/usr/bin/security trust-settings-export /t/s'],
    [exportCommand('admin', '/t/s'), '/usr/bin/security trust-settings-export -d /t/s'],
  ])('%#: %s', (command, expected) => {
    expect(line(command)).toBe(expected);
  });
});

describe('macosStores', () => {
  test('is one keychain on macOS and none elsewhere', async () => {
    const elsewhere = { host: fakeHost(), finders: [macosStores] };
    expect(await findStores(elsewhere, ['system'], {})).toEqual([]);
    const host = fakeHost({ platform: 'darwin', home: '/Users/ada' });
    expect(await macosStores.find(host, {})).toMatchObject([{ kind: 'system', location: K }]);
    expect(await macosStores.find(host, { machine: true })).toMatchObject([{ location: S }]);
    const both = [
      { location: S, scope: 'machine' },
      { location: K, scope: 'user' },
    ];
    expect(await macosStores.find(host, { everywhere: true })).toMatchObject(both);
    const asRoot = { ...host, isRoot: true };
    expect(await macosStores.find(asRoot, { everywhere: true })).toMatchObject(both);
    expect(await macosStores.find(asRoot, { everywhere: true, machine: true })).toMatchObject([
      { location: S },
    ]);
  });

  test('installs and leaves nothing after uninstall, over real processes', async () => {
    const { context, state } = mac({}, securityProcess);
    expect((await install(context)).outcomes).toMatchObject([{ status: 'trusted' }]);
    expect((await uninstall(context)).outcomes).toMatchObject([{ status: 'removed' }]);
    expect(state()).toEqual(empty);
  });

  test('installs, says so once more, and leaves nothing after uninstall', async () => {
    const { context, state, ran, asked, login } = mac();
    expect((await install(context)).outcomes).toMatchObject([{ status: 'trusted' }]);
    expect(asked).toEqual([
      'macOS will ask for your password in a dialog, to let devcert trust its certificates',
    ]);
    expect(ran.filter((it) => /add-trusted-cert|sudo/.test(it))).toEqual([
      `/usr/bin/security add-trusted-cert -r trustRoot -p ssl -p basic -k ${login} ${context.folder}/root.pem`,
    ]);
    expect((await status(context)).exitCode).toBe(EXIT.done);
    expect((await install(context)).outcomes).toMatchObject([{ status: 'already-trusted' }]);
    expect((await uninstall(context)).outcomes).toMatchObject([{ status: 'removed' }]);
    expect(state()).toEqual(empty);
    expect((await status(context)).exitCode).toBe(EXIT.notTrusted);
    expect((await uninstall(context)).outcomes).toMatchObject([{ status: 'already-absent' }]);
    expect(asked).toHaveLength(2);
  });

  test('a cancelled dialog is exit code 7 and leaves nothing behind', async () => {
    const { context, knobs, state, ran } = mac();
    knobs.ui = 'cancel';
    const { outcomes } = await install(context);
    expect(outcomes).toMatchObject([
      { status: 'cancelled', reason: 'you cancelled the dialog of macOS; nothing was changed' },
    ]);
    expect(outcomesExitCode(outcomes)).toBe(EXIT.cancelled);
    expect(state()).toEqual(empty);
    // Cleaning up must not open the next dialog.
    expect(ran.join('\n')).not.toContain('remove-trusted-cert');
    expect(ran.join('\n')).toContain('delete-certificate -Z');
  });

  test('a cancelled dialog leaves the certificate where somebody else had put it', async () => {
    const { context, knobs, state, host, login } = mac();
    knobs.ui = 'cancel';
    await install(context);
    const der = createDer(context.folder);
    writeFileSync(login, JSON.stringify([der]));
    const before = state();
    expect(await status(context)).toMatchObject({
      exitCode: EXIT.notTrusted,
      stores: [{ state: 'partial', reason: 'it is in the keychain, and not trusted' }],
    });
    expect((await install(context)).outcomes).toMatchObject([{ status: 'cancelled' }]);
    expect(state()).toEqual(before);
    knobs.ui = 'allow';
    expect((await install(context)).outcomes).toMatchObject([{ status: 'trusted' }]);
    expect(host.isRoot).toBe(false);
  });

  test('a cancelled removal keeps the root, says so, and is exit code 7', async () => {
    const { context, knobs } = mac();
    await install(context);
    knobs.ui = 'cancel';
    const { outcomes } = await uninstall(context, { purge: true });
    expect(outcomesExitCode(outcomes)).toBe(EXIT.cancelled);
    expect(await status(context)).toMatchObject({ exitCode: EXIT.done });
  });

  test('without a session that shows dialogs it fails with the steps, and leaves nothing', async () => {
    const { context, knobs, state } = mac();
    knobs.ui = 'none';
    expect((await install(context)).outcomes).toMatchObject([
      {
        status: 'failed',
        reason: 'macOS has to ask for a password in a dialog, and no session can show one',
        hint: "in Terminal on the Mac's own screen: devcert install",
      },
    ]);
    expect(state()).toEqual(empty);
    await createNamed(context, 'company');
    const company = contextOf(context, 'company');
    const hint = "in Terminal on the Mac's own screen: devcert install --ca company";
    expect((await install(company)).outcomes).toMatchObject([{ status: 'failed', hint }]);
    const overSsh = { ...company.host, env: { ...company.host.env, SSH_TTY: '/dev/ttys001' } };
    expect((await install({ ...company, host: overSsh })).outcomes).toMatchObject([
      { hint: `${hint}; or, with root's rights: devcert install --machine --ca company` },
    ]);
  });

  test('nobody at the dialog: it ends, says so and leaves nothing', async () => {
    // Over a real process, which really waits.
    const { context, knobs, state } = mac({}, securityProcess);
    knobs.ui = 'hang';
    expect((await install(context)).outcomes).toMatchObject([
      { status: 'failed', reason: 'nobody answered the dialog of macOS in time' },
    ]);
    expect(state()).toEqual(empty);
  });

  test.each([
    [{ CI: 'true' }, 'nobody answers one in CI'],
    [{ SSH_CONNECTION: '10.0.0.2 1 10.0.0.1 22' }, 'cannot open over SSH'],
  ])('with %j it opens no dialog at all', async (env, reason) => {
    const { context, ran, asked } = mac({ env });
    expect((await install(context)).outcomes).toMatchObject([
      {
        status: 'failed',
        reason: expect.stringContaining(reason) as string,
        hint: expect.stringContaining('devcert install --machine') as string,
      },
    ]);
    expect(ran.join('\n')).not.toContain('add-trusted-cert');
    expect(asked).toEqual([]);
  });

  test('in CI an uninstall opens no dialog either', async () => {
    const { context, ran, host } = mac();
    await install(context);
    ran.length = 0;
    const inCi = { ...context, host: { ...host, env: { CI: '1' } } };
    expect((await uninstall(inCi)).outcomes).toMatchObject([
      { status: 'failed', hint: expect.stringContaining('devcert uninstall') as string },
    ]);
    expect(ran.join('\n')).not.toMatch(/remove-trusted|delete-cert/);
  });

  test('--machine: with SIP it may ask, without it does not', async () => {
    const { context, knobs, state, ran } = mac({ env: { CI: 'true' } });
    knobs.ui = 'none';
    expect((await install(context, { machine: true })).outcomes).toMatchObject([
      { status: 'failed', hint: expect.stringContaining('devcert install --machine') as string },
    ]);
    expect(state()).toEqual(empty);
    knobs.sip = 'off';
    expect((await install(context, { machine: true })).outcomes).toMatchObject([
      { status: 'trusted' },
    ]);
    const inRootsHome = '/private/var/root/devcert-[0-9a-f]{16}[.]pem';
    expect(ran.filter((it) => it.startsWith('sudo')).slice(-5)).toEqual(
      [
        `^sudo /usr/bin/install -m 0600 /dev/null ${inRootsHome}$`,
        `^sudo /usr/bin/tee ${inRootsHome}$`,
        `^sudo /usr/bin/shasum -a 256 -c$`,
        `^sudo /usr/bin/security add-trusted-cert -d -r trustRoot -p ssl -p basic -k ${S} ${inRootsHome}$`,
        `^sudo /bin/rm -f ${inRootsHome}$`,
      ].map((it) => expect.stringMatching(it) as string),
    );
    expect(ran.filter((it) => it.startsWith('sudo')).join('\n')).not.toContain(context.folder);
    expect((await status(context, { machine: true })).exitCode).toBe(EXIT.done);
    // Removing the last settings of the machine always asks.
    expect((await uninstall(context, { machine: true })).outcomes).toMatchObject([
      {
        status: 'failed',
        hint: "in Terminal on the Mac's own screen: devcert uninstall --machine",
      },
    ]);
    knobs.ui = 'allow';
    expect((await uninstall(context, { machine: true })).outcomes).toMatchObject([
      { status: 'removed' },
    ]);
    expect(state()).toEqual(empty);
  });

  test('a dry run that would make an authority shows no root that will never be', async () => {
    const { context, ran } = mac();
    const { outcomes } = await install(context, { machine: true, dryRun: true });
    const file = '/private/var/root/devcert-<fingerprint>.pem';
    expect(outcomes[0]?.commands?.slice(1, 3)).toEqual([
      `printf '%s\\n' '<root.pem>' | sudo -- /usr/bin/tee ${file}`,
      `printf '%s\\n' '<SHA-256>  ${file}' | sudo -- /usr/bin/shasum -a 256 -c`,
    ]);
    expect(ran.filter((it) => it.startsWith('sudo'))).toEqual([]);
  });

  test('what is not what was written is given to nobody, and taken away', async () => {
    const { context, ran, state, host } = mac();
    const run = (command: Command) =>
      host.run(command.file === '/usr/bin/tee' ? { ...command, input: 'other' } : command);
    const { outcomes } = await install({ ...context, host: { ...host, run } }, { machine: true });
    expect(outcomes).toMatchObject([
      { status: 'failed', reason: expect.stringContaining('shasum" failed') as string },
    ]);
    expect(ran.join('\n')).not.toContain('add-trusted-cert');
    expect(state()).toEqual(empty);
  });

  test('a root in the System keychain is found and removed without --machine, too', async () => {
    const { context, knobs, state, ran, system } = mac();
    await install(context, { machine: true });
    expect(await status(context)).toMatchObject({
      exitCode: EXIT.done,
      stores: [{ store: 'macOS System keychain', state: 'trusted' }],
    });
    knobs.ui = 'none';
    const failed = await uninstall(context, { purge: true });
    expect(failed).toMatchObject({
      purged: false,
      outcomes: [{ store: 'macOS System keychain', status: 'failed' }],
    });
    knobs.ui = 'allow';
    ran.length = 0;
    expect(await uninstall(context, { purge: true })).toMatchObject({
      purged: true,
      outcomes: [{ store: 'macOS System keychain', status: 'removed' }],
    });
    expect(ran.filter((it) => it.startsWith('sudo /usr/bin/security'))).toEqual([
      expect.stringMatching(/remove-trusted-cert -d \/private\/var\/root\/devcert-/) as string,
      expect.stringMatching(
        /^sudo \/usr\/bin\/security delete-certificate -Z [0-9A-F]{40} \/Library\/Keychains\/System.keychain$/,
      ) as string,
    ]);
    expect(system).toContain(S);
    expect(state()).toEqual(empty);
  });

  test('in both keychains: status shows both, ca replace renews both, uninstall clears both', async () => {
    const { context, state, system, login } = mac();
    await install(context);
    await install(context, { machine: true });
    const both = [
      { store: 'macOS System keychain', state: 'trusted' },
      { store: 'macOS login keychain', state: 'trusted' },
    ];
    expect((await status(context)).stores).toMatchObject(both);
    expect(await replaceNamed(context, undefined)).toMatchObject({
      replaced: true,
      outcomes: [{ status: 'trusted' }, { status: 'trusted' }],
    });
    for (const keychain of [system, login])
      expect(JSON.parse(readFileSync(keychain, 'utf8'))).toEqual([createDer(context.folder)]);
    expect((await status(context)).stores).toMatchObject(both);
    expect((await uninstall(context)).outcomes).toMatchObject([
      { status: 'removed' },
      { status: 'removed' },
    ]);
    expect(state()).toEqual(empty);
  });

  test('ca remove keeps the authority while the System keychain trusts it, and says how', async () => {
    const { context, knobs, state, host } = mac();
    await createNamed(context, 'company');
    const company = contextOf(context, 'company');
    await install(company, { machine: true });
    const run = (command: Command) =>
      command.elevated === true
        ? Promise.resolve({ ...ended, failure: 'not-elevated' as const })
        : host.run(command);
    const unprivileged = { ...context, host: { ...host, run } };
    await expect(removeNamed(unprivileged, 'company')).rejects.toMatchObject({
      code: 'store',
      hint: expect.stringMatching(
        /^run it yourself as root: \/usr\/bin\/install .* && printf '%s\\n' '-----BEGIN.* && \/usr\/bin\/security remove-trusted-cert -d \/private\/.* && \/usr\/bin\/security delete-certificate -Z/,
      ) as string,
    });
    knobs.ui = 'none';
    await expect(removeNamed(context, 'company')).rejects.toMatchObject({
      code: 'store',
      hint: "in Terminal on the Mac's own screen: devcert ca remove company",
    });
    knobs.ui = 'allow';
    expect((await removeNamed(context, 'company')).outcomes).toMatchObject([
      { store: 'macOS System keychain', status: 'removed' },
    ]);
    expect(state()).toEqual(empty);
  });

  test('what macOS trusts by neither keychain is never said to be gone', async () => {
    const { context, host } = mac();
    await install(context);
    await uninstall(context);
    // As by a profile of a managed Mac.
    const run = (command: Command) =>
      command.args[0] === 'verify-cert'
        ? Promise.resolve({ exitCode: 0, stdout: '', stderr: '' })
        : host.run(command);
    const managed = { ...context, host: { ...host, run } };
    expect((await status(managed)).stores).toMatchObject([
      { state: 'partial', reason: expect.stringContaining('by neither keychain') as string },
    ]);
    expect(await uninstall(managed, { purge: true })).toMatchObject({
      purged: false,
      outcomes: [{ store: 'macOS System keychain', status: 'failed' }],
    });
  });

  test('another root of the same name beside ours stays', async () => {
    const { context, login, state, home, host } = mac();
    const other = rootInFile(
      (await createAuthority('ada@engine', undefined, host.now())).root,
      join(home, 'other.pem'),
    );
    await install(context);
    const ours = await status(context);
    // What find-certificate matches is a part of the name: ours is given to the other, too.
    const second = { ...other, commonName: (ours.authority?.name ?? '').slice(0, 20) };
    const [store] = await macosStores.find(host, {});
    expect(await store?.inspect(second)).toEqual({ state: 'absent' });
    writeFileSync(other.file, other.pem);
    const where = { root: home, home };
    security(['add-trusted-cert', '-k', login, other.file], where);
    expect((await uninstall(context)).outcomes).toMatchObject([{ status: 'removed' }]);
    expect(state().join()).toContain(other.der.toString('base64'));
    expect(state().join()).toContain(other.sha1.toUpperCase());
  });

  test('an authority with other constraints takes the place of the first, which goes', async () => {
    const { context, state, login } = mac();
    const first = await install(context);
    const second = await install(context, { permit: ['corp.acme.com'] });
    expect(second).toMatchObject({ authority: 'replaced', outcomes: [{ status: 'trusted' }] });
    expect(second.root).not.toBe(first.root);
    expect(JSON.parse(readFileSync(login, 'utf8'))).toEqual([createDer(context.folder)]);
    expect((await status(context)).exitCode).toBe(EXIT.done);
    expect((await uninstall(context, { purge: true })).purged).toBe(true);
    expect(state()).toEqual(empty);
  });

  test('a keychain that is missing is no certificate in it, and cannot be installed into', async () => {
    const { context, login, ran } = mac();
    rmSync(login);
    expect((await install(context)).outcomes).toMatchObject([
      { status: 'failed', reason: `there is no keychain "${login}"` },
    ]);
    expect((await uninstall(context)).outcomes).toMatchObject([{ status: 'already-absent' }]);
    // Asked for a keychain that is not there, `security` answers about all others.
    expect(ran.filter((it) => it.includes('find-certificate') && it.includes(login))).toEqual([]);
  });

  test('a default keychain under another name takes the place of the login keychain', async () => {
    const { context, login, state } = mac();
    const other = join(login, '../ada.keychain-db');
    renameSync(login, other);
    expect((await install(context)).outcomes).toMatchObject([
      { status: 'trusted', location: other, restart: 'Firefox, Chrome and Edge' },
    ]);
    expect(readFileSync(other, 'utf8')).toContain(createDer(context.folder));
    expect((await uninstall(context)).outcomes).toMatchObject([{ status: 'removed' }]);
    expect(readFileSync(other, 'utf8')).toBe('[]');
    expect(state()).toEqual(empty);
  });

  test.each([
    ['User interaction is not allowed.', 'failed', EXIT.failed],
    ['User canceled the operation.', 'cancelled', EXIT.cancelled],
  ])('a locked keychain that says "%s" is %s', async (words, status, exitCode) => {
    const { context, host, state } = mac();
    const run: Host['run'] = (command) =>
      command.args[0] === 'add-trusted-cert'
        ? Promise.resolve({ exitCode: 1, stdout: '', stderr: `SecKeychainUnlock: ${words}\n` })
        : host.run(command);
    const { outcomes } = await install({ ...context, host: { ...host, run } });
    expect(outcomes).toMatchObject([{ status, hint: expect.any(String) as string }]);
    expect(outcomesExitCode(outcomes)).toBe(exitCode);
    expect(state()).toEqual(empty);
  });

  test('trust settings without a certificate are found and removed', async () => {
    const { context, login, state } = mac();
    await install(context);
    writeFileSync(login, '');
    expect((await status(context)).stores).toMatchObject([
      { state: 'partial', reason: 'its trust settings are left, without the certificate' },
    ]);
    expect((await uninstall(context)).outcomes).toMatchObject([{ status: 'removed' }]);
    expect(state()).toEqual(empty);
  });

  test('an authority without its key is judged by the trust settings', async () => {
    const { context, state, ran } = mac();
    await install(context);
    rmSync(join(context.folder, 'issuer-key.pem'));
    ran.length = 0;
    expect((await status(context)).stores).toMatchObject([{ state: 'trusted' }]);
    expect(ran.join('\n')).not.toContain('verify-cert');
    expect((await uninstall(context)).outcomes).toMatchObject([{ status: 'removed' }]);
    expect(state()).toEqual(empty);
  });

  test('root is refused the login keychain', async () => {
    const { context, ran } = mac({ isRoot: true });
    expect((await install(context)).outcomes).toMatchObject([
      { status: 'failed', hint: 'run devcert as yourself, without sudo, or with --machine' },
    ]);
    expect(ran).toEqual([]);
  });

  test('no home is no login keychain', async () => {
    const { context } = mac({ home: undefined });
    expect((await status({ ...context })).exitCode).toBe(EXIT.noAuthority);
    expect((await install(context)).outcomes).toMatchObject([
      { status: 'failed', hint: 'set HOME, or use --machine' },
    ]);
  });

  test('a locked keychain whose dialog is cancelled is cancelled', async () => {
    const { context, knobs, state } = mac();
    knobs.locked = true;
    knobs.ui = 'cancel';
    expect((await install(context)).outcomes).toMatchObject([{ status: 'cancelled' }]);
    expect(state()).toEqual(empty);
  });

  test.each([
    ['not-found', 'there is no program "/usr/bin/security"'],
    ['timeout', '"/usr/bin/security" did not answer in time'],
  ] as const)('a tool that is %s is a failure of the store', async (failure, reason) => {
    const { context } = mac({ run: () => Promise.resolve({ ...ended, failure }) });
    expect((await install(context)).outcomes).toMatchObject([{ status: 'failed', reason }]);
  });

  test('a tool that says 0 and changes nothing is a failure', async () => {
    const { context } = mac({
      run: (command) =>
        Promise.resolve({
          exitCode: command.args[0] === 'verify-cert' ? 1 : 0,
          stdout: '',
          stderr: '',
        }),
    });
    expect((await install(context)).outcomes).toMatchObject([
      { status: 'failed', reason: expect.stringContaining('nothing changed') as string },
    ]);
  });
});

describe('explainKeychain()', () => {
  test.each([
    ['SecTrustSettingsSetTrustSettings: The authorization was denied.', 'macOS denied the change'],
    ['SecTrustSettingsSetTrustSettings: errSecInternalComponent', 'no session can show one'],
    ['OSStatus (-60007)', 'no session can show one'],
    ['OSStatus (-128)', 'you cancelled'],
    ['SecKeychainItemCreate: User interaction is not allowed.', 'no session can show one'],
    ['SecKeychainUnlock: User canceled the operation.', 'you cancelled'],
    ['security: SecItemDelete: User interaction is not allowed. (-25308)', 'no session can show'],
  ])('%s', (stderr, words) => {
    const result = { exitCode: 1, stdout: '', stderr };
    expect(explainKeychain(result, 'user', true)?.reason).toContain(words);
    expect(explainKeychain(result, 'admin', true)?.hint).toBeTruthy();
  });

  test('leaves what it does not know to the tool itself', () => {
    expect(
      explainKeychain({ exitCode: 1, stdout: '', stderr: 'disk full' }, 'user', false),
    ).toBeUndefined();
  });
});

function createDer(folder: string): string {
  return rootInFile(
    readFileSync(join(folder, 'root.pem'), 'utf8'),
    join(folder, 'root.pem'),
  ).der.toString('base64');
}
