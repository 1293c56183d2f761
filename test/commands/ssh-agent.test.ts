import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createAuthority } from '../../src/authority/create.ts';
import { readKeeping } from '../../src/authority/keeping.ts';
import { stagePending } from '../../src/authority/replace.ts';
import {
  createNamed,
  importAuthority,
  listAuthorities,
  replaceNamed,
  showAuthority,
} from '../../src/commands/ca.ts';
import { exportAuthority } from '../../src/commands/ca-export.ts';
import { removeNamed } from '../../src/commands/ca-remove.ts';
import { certificateFor } from '../../src/commands/certificate.ts';
import { contextOf } from '../../src/commands/context.ts';
import { install } from '../../src/commands/install.ts';
import { issue } from '../../src/commands/issue.ts';
import { mtls } from '../../src/commands/mtls.ts';
import { mtlsRotate } from '../../src/commands/mtls-rotate.ts';
import { status } from '../../src/commands/status.ts';
import { uninstall } from '../../src/commands/uninstall.ts';
import { Keyring } from '../../src/signer/keyring.ts';
import { openKeysIn } from '../helpers/bare-keys.ts';
import { agentKey, doubleAgent, type DoubleOptions } from '../helpers/ssh-agent.ts';
import { stateNames } from '../helpers/state.ts';
import { projectMachine } from '../helpers/stores.ts';

const certificateIn = (...path: string[]) => new X509Certificate(readFileSync(join(...path)));

/** A machine with an agent; `fresh()` is the context of the next run. */
async function machine(options: DoubleOptions = { keys: [agentKey()] }) {
  const made = projectMachine();
  const double = await doubleAgent(options);
  const fresh = (agent = double.agent) => ({ ...made.context, keys: new Keyring({ agent }) });
  return { ...made, ...double, fresh };
}

/** The same with an authority whose key is in it. */
async function installed(options?: DoubleOptions) {
  const made = await machine(options);
  const result = await install(made.fresh(), { sshAgent: true });
  return { ...made, result };
}

const agentTold = (result: { keeping?: unknown }) => result.keeping;

describe('install({ sshAgent })', () => {
  test('makes an authority whose key is nowhere here', async () => {
    const { base, context, stores, signed, fresh, result } = await installed();
    expect(result).toMatchObject({ authority: 'created', keeping: { way: 'ssh-agent' } });
    expect(stores[0]?.roots).toEqual(new Set([result.root]));
    expect(stateNames(context.folder)).toEqual([
      'devcert-state.json',
      'folders',
      'issuer.pem',
      'keeping.json',
      'root.pem',
    ]);
    expect(openKeysIn(base)).toEqual([]);
    expect(signed).toHaveLength(1); // to show that it can
    await issue(fresh(), ['api.test']);
    expect(signed).toHaveLength(2);
    expect(openKeysIn(base)).toEqual(['project/.devcert/key.pem']);
    const [leaf, issuer, root] = [
      certificateIn(context.cwd, '.devcert/cert.pem'),
      certificateIn(context.folder, 'issuer.pem'),
      certificateIn(context.folder, 'root.pem'),
    ];
    expect(leaf.verify(issuer.publicKey) && issuer.verify(root.publicKey)).toBe(true);
  });

  test('makes nothing where the agent does not sign', async () => {
    for (const options of [{ keys: [agentKey()], refuses: true }, { keys: [] }, { locked: true }]) {
      const { context, fresh, stores } = await machine(options);
      await expect(install(fresh(), { sshAgent: true })).rejects.toMatchObject({ code: 'agent' });
      expect(existsSync(context.folder)).toBe(false);
      expect(stores[0]?.roots.size).toBe(0);
    }
  });

  test('excludes the other ways to keep a key; a dry run asks no agent', async () => {
    const { context, fresh, requests } = await machine();
    for (const more of [{ passphrase: true }, { sealed: ['api.test'] }, { out: 'x' }])
      await expect(install(fresh(), { sshAgent: true, ...more })).rejects.toMatchObject({
        code: 'usage',
      });
    expect(await install(fresh(), { sshAgent: true, dryRun: true })).toMatchObject({
      authority: 'created',
    });
    await expect(
      createNamed(fresh(), 'shop', { sshAgent: true, passphrase: true }),
    ).rejects.toMatchObject({ code: 'usage' });
    expect(requests).toEqual([]);
    expect(existsSync(join(context.folder, 'root.pem'))).toBe(false);
  });

  test('puts another authority in the place of one whose key lay in a file: no copy is left', async () => {
    const { base, context, stores, fresh } = await machine();
    const first = await install(fresh());
    await issue(fresh(), ['api.test']);
    expect(openKeysIn(context.folder)).toEqual(['issuer-key.pem']);
    const next = await install(fresh(), { sshAgent: true });
    expect(next).toMatchObject({ authority: 'replaced', keeping: { way: 'ssh-agent' } });
    expect(next.root).not.toBe(first.root);
    expect(stores[0]?.roots).toEqual(new Set([next.root]));
    expect(openKeysIn(base)).toEqual(['project/.devcert/key.pem']);
    const leaf = certificateIn(context.cwd, '.devcert/cert.pem');
    expect(leaf.verify(certificateIn(context.folder, 'issuer.pem').publicKey)).toBe(true);
    // The same again keeps it, and asks nothing.
    const again = await install(fresh({ machine: { env: {}, platform: 'linux', uid: 0 } }), {
      sshAgent: true,
    });
    expect(again).toMatchObject({ authority: 'kept', root: next.root });
  });

  test('takes another key of the agent if that is named', async () => {
    const [first, second] = [agentKey(), agentKey()];
    const { context, fresh } = await machine({ keys: [first, second] });
    await expect(install(fresh(), { sshAgent: true })).rejects.toMatchObject({ code: 'usage' });
    const refused = install(fresh(), { sshAgent: true }).then(() => '', String);
    const [one = '', two = ''] = (await refused).match(/SHA256:\S{43}/g) ?? [];
    await install(fresh(), { sshAgent: one });
    expect(readKeeping(context.folder)).toEqual({ way: 'ssh-agent', fingerprint: one });
    expect(await install(fresh(), { sshAgent: one })).toMatchObject({ authority: 'kept' });
    expect(await install(fresh(), { sshAgent: two })).toMatchObject({ authority: 'replaced' });
    expect(readKeeping(context.folder)).toEqual({ way: 'ssh-agent', fingerprint: two });
  });
});

describe('an authority whose key is in an SSH agent', () => {
  test('asks nothing for a pair that is there, not even for an agent', async () => {
    const { fresh, signed } = await installed();
    await issue(fresh(), ['localhost']);
    const none = { machine: { env: {}, platform: 'linux' as const, uid: 0 } };
    const before = signed.length;
    expect(await issue(fresh(none), ['localhost'])).toMatchObject({ issued: false });
    expect((await certificateFor(fresh(none), ['localhost'])).cert).toContain('CERTIFICATE');
    expect(signed).toHaveLength(before);
    for (const asking of [issue, certificateFor])
      await expect(asking(fresh(none), ['other.test'])).rejects.toMatchObject({
        code: 'agent',
        message: expect.stringContaining('SSH_AUTH_SOCK') as string,
      });
  });

  test('stays in the agent when more is permitted: another root, the same key', async () => {
    const { context, stores, fresh, result } = await installed();
    await issue(fresh(), ['api.test']);
    const next = await install(fresh(), { permit: ['acme.dev'] });
    expect(next).toMatchObject({ authority: 'replaced', keeping: agentTold(result) });
    expect(next.root).not.toBe(result.root);
    expect(stores[0]?.roots).toEqual(new Set([next.root]));
    expect(openKeysIn(context.folder)).toEqual([]);
    await issue(fresh(), ['shop.acme.dev'], { out: 'shop' });
    const chain = readFileSync(join(context.cwd, '.devcert/cert.pem'), 'utf8');
    expect(chain).toContain(readFileSync(join(context.folder, 'issuer.pem'), 'utf8'));
  });

  test('is replaced by one with another key of the agent, and by no other', async () => {
    const { keys, agents } = await twoAgents();
    const { context, fresh } = await machine();
    await install(fresh(agents.first), { sshAgent: true });
    const first = readKeeping(context.folder);
    await expect(replaceNamed(fresh(agents.first), undefined)).rejects.toMatchObject({
      code: 'agent',
      message: expect.stringContaining('the one that is to be replaced') as string,
    });
    const own = first.way === 'ssh-agent' ? first.fingerprint : '';
    await expect(
      replaceNamed(fresh(agents.both), undefined, [], { sshAgent: own }),
    ).rejects.toMatchObject({ code: 'refused' });
    expect(readKeeping(context.folder)).toEqual(first);
    expect(await replaceNamed(fresh(agents.both), undefined)).toMatchObject({ replaced: true });
    expect(readKeeping(context.folder)).not.toEqual(first);
    expect(keys).toHaveLength(2);
    expect(openKeysIn(context.folder)).toEqual([]);
  });

  test('is rotated to another key of the agent', async () => {
    const { agents } = await twoAgents();
    const { context, fresh } = await machine();
    await createNamed(fresh(agents.first), 'people', { sshAgent: true, clientsOnly: true });
    await install(fresh());
    await mtls(fresh(agents.first), 'api', { clientCa: 'people', client: ['web'] });
    const rotate = (step: object, agent = agents.both) =>
      mtlsRotate(fresh(agent), { dir: 'api', ...step });
    await expect(rotate({ clientCa: true }, agents.first)).rejects.toMatchObject({ code: 'agent' });
    await rotate({ clientCa: true });
    await rotate({ issue: true });
    await rotate({ finish: true });
    const { folder } = contextOf(context, 'people');
    expect(readKeeping(folder)).toMatchObject({ way: 'ssh-agent' });
    expect(openKeysIn(folder)).toEqual([]);
    const client = certificateIn(context.cwd, 'api/clients/web/cert.pem');
    expect(client.verify(certificateIn(folder, 'issuer.pem').publicKey)).toBe(true);
  });

  test('gives way to no key in a file, whoever asks', async () => {
    const { context, fresh, result } = await installed();
    const bare = await createAuthority('a@b', undefined, context.host.now());
    const { writeFileSync } = await import('node:fs');
    writeFileSync(join(context.cwd, 'ca.pem'), bare.root + bare.issuer + bare.issuerKey);
    for (const attempt of [
      () => importAuthority(fresh(), ['ca.pem'], { force: true }),
      () => replaceNamed(fresh(), undefined, ['ca.pem']),
      () => stagePending(context.folder, bare),
      () =>
        exportAuthority(fresh(), undefined, {
          ...{ withKey: true, password: 'long enough', file: 'key.pem' },
        }),
    ])
      await expect(attempt()).rejects.toMatchObject({ code: 'refused' });
    await expect(
      replaceNamed(fresh(), undefined, ['ca.pem'], { sshAgent: true }),
    ).rejects.toMatchObject({ code: 'usage' });
    expect(openKeysIn(context.folder)).toEqual([]);
    expect(existsSync(join(context.cwd, 'key.pem'))).toBe(false);
    expect(await status(fresh())).toMatchObject({ authority: { root: result.root } });
  });

  test('is told by status, `ca list` and `ca show`, which ask no agent', async () => {
    const { fresh, requests, result } = await installed();
    const before = requests.length;
    const keeping = agentTold(result);
    expect(await status(fresh())).toMatchObject({ exitCode: 0, authority: { keeping } });
    expect(listAuthorities(fresh())).toMatchObject([{ keeping }]);
    const shown = await showAuthority(fresh());
    expect(shown).toMatchObject({ keeping });
    expect(shown.problem).toBeUndefined();
    expect(requests).toHaveLength(before);
  });

  test('an agent that says no to one of many is asked once', async () => {
    const key = agentKey();
    const { fresh } = await installed({ keys: [key] });
    for (const name of ['a', 'b', 'c']) await issue(fresh(), [`${name}.test`], { out: name });
    const refusing = await doubleAgent({ keys: [key], refuses: true });
    await expect(install(fresh(refusing.agent), { permit: ['acme.dev'] })).rejects.toMatchObject({
      code: 'agent',
    });
    expect(refusing.requests.filter((type) => type === 13)).toHaveLength(1);
  });

  test('uninstall asks no agent, and says that the key stays there', async () => {
    const { context, fresh, result } = await installed();
    await createNamed(fresh(), 'shop', { sshAgent: true });
    const note = expect.stringMatching(/^the key SHA256:\S+ stays in your SSH agent/) as string;
    expect((await removeNamed(fresh(), 'shop')).notes).toEqual([note]);
    const gone = await uninstall({ ...context }, { purge: true });
    expect(gone).toMatchObject({ purged: true, notes: [note] });
    expect(JSON.stringify(gone.notes)).toContain(
      result.keeping?.way === 'ssh-agent' ? result.keeping.fingerprint : 'none',
    );
    expect(existsSync(context.folder)).toBe(false);
  });
});

/** An agent with one key, and one with that and another. */
async function twoAgents() {
  const keys = [agentKey('first'), agentKey('second')];
  const [first, both] = [
    await doubleAgent({ keys: keys.slice(0, 1) }),
    await doubleAgent({ keys }),
  ];
  return { keys, agents: { first: first.agent, both: both.agent } };
}
