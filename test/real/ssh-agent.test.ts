/**
 * An authority whose key is in OpenSSH's own agent, as a key of a file and as one that cannot be exported; and
 * every way in which that agent does not sign.
 */
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CLI, freshHome, type Home, twoLines } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/host.ts';
import { type Answer, type OpensshAgent, SOFTHSM, startAgent } from '../helpers/openssh-agent.ts';
import { needs, needsTools } from '../helpers/require.ts';
import { run } from '../helpers/run.ts';

const tools = [
  'ssh-agent',
  'ssh-add',
  'ssh-keygen',
  'softhsm2-util',
  'pkcs11-tool',
  'openssl',
  'script',
];
const ready = needsTools(...tools) && needs(existsSync(SOFTHSM), SOFTHSM);

async function machine(answer?: Answer): Promise<{ home: Home; agent: OpensshAgent }> {
  const agent = await startAgent(join(temporaryFolder(), 'agent'), answer);
  onTestFinished(() => {
    agent.kill();
  });
  return { home: freshHome(), agent };
}

/** Makes the authority "shop" with a key of the agent's. */
async function made(home: Home, agent: OpensshAgent, more: readonly string[] = []) {
  const ran = await home.run(['ca', 'create', 'shop', '--ssh-agent', ...more], { env: agent.env });
  expect(ran).toMatchObject({ status: 0 });
  return ran;
}

async function opensslTakes({ project, state }: Home, out: string): Promise<boolean> {
  const shop = join(state, 'authorities/shop');
  const args = ['-CAfile', join(shop, 'root.pem'), '-untrusted', join(shop, 'issuer.pem')];
  const leaf = join(project, out, 'cert.pem');
  const ended = await run('openssl', ['verify', '-x509_strict', ...args, leaf]);
  return ended.status === 0;
}

describe.runIf(ready)('an authority whose key is in OpenSSH’s agent', () => {
  test.each(['file', 'token'])('certifies with a key of a %s', async (kind) => {
    const { home, agent } = await machine();
    if (kind === 'token') await agent.addFromToken();
    else await agent.add([await agent.makeKey('devcert')]);
    const [fingerprint = ''] = await agent.list();
    expect((await made(home, agent)).stdout).toContain(fingerprint);
    const issued = await home.run(['shop.test', '--ca', 'shop'], { env: agent.env });
    expect(issued).toMatchObject({ status: 0 });
    expect(await opensslTakes(home, '.devcert')).toBe(true);
    // A pair that is there is used, and no agent is needed for it.
    const again = await home.run(['shop.test', '--ca', 'shop']);
    expect(again).toMatchObject({ status: 0 });
    expect(again.stdout).toContain('is there already');
  });

  test('asks its user with ssh-add -c, and takes a no', async () => {
    const { home, agent } = await machine('yes');
    const key = await agent.makeKey('devcert');
    await agent.add(['-c', key]);
    await made(home, agent);
    expect(await home.run(['shop.test', '--ca', 'shop'], { env: agent.env })).toMatchObject({
      status: 0,
    });
    const refusing = await startAgent(join(temporaryFolder(), 'agent'), 'no');
    onTestFinished(() => {
      refusing.kill();
    });
    await refusing.add(['-c', key]);
    const refused = await home.run(['other.test', '--ca', 'shop', '--out', 'other'], {
      env: refusing.env,
    });
    expect(refused.status).toBe(1);
    expect(twoLines(refused).error).toContain('did not sign with SHA256:');
    expect(existsSync(join(home.project, 'other'))).toBe(false);
  });

  test('tells a person at a terminal who waits, and nobody else', async () => {
    const { home, agent } = await machine('yes, late');
    await agent.add(['-c', await agent.makeKey('devcert')]);
    const TOUCH = 'touch your key now';
    expect((await made(home, agent)).stderr).not.toContain(TOUCH);
    const clean = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
    const env = { ...clean, ...home.env, ...agent.env, TERM: 'xterm' };
    const atTerminal = (...typed: string[]) => {
      const command = ['node', CLI, 'shop.test', '--ca', 'shop', ...typed].join(' ');
      return run('script', ['-qec', command, '/dev/null'], { cwd: home.project, env });
    };
    const told = await atTerminal();
    expect(told.output).toContain(TOUCH);
    expect(told.output).toContain('Issued');
    expect((await atTerminal('--force', '--json')).output).not.toContain(TOUCH);
  });

  test('says why it cannot, each reason its own, and writes nothing', async () => {
    const { home, agent } = await machine();
    const key = await agent.makeKey('devcert');
    await agent.add([key]);
    await made(home, agent);
    const refused = async (env: Readonly<Record<string, string>>) => {
      const ran = await home.run(['shop.test', '--ca', 'shop'], { env });
      expect(ran.status).toBe(1);
      expect(existsSync(join(home.project, '.devcert'))).toBe(false);
      return twoLines(ran).error;
    };
    await agent.add(['-x'], 'lock');
    expect(await refused(agent.env)).toContain('is locked');
    await agent.add(['-X'], 'lock');
    await agent.add(['-d', key]);
    expect(await refused(agent.env)).toContain('does not have the key SHA256:');
    const host = `example.test ${readFileSync(`${await agent.makeKey('host')}.pub`, 'utf8')}`;
    const hosts = join(temporaryFolder(), 'known_hosts');
    writeFileSync(hosts, host);
    await agent.add(['-h', 'example.test', '-H', hosts, key]);
    expect(await refused(agent.env)).toContain('for some hosts alone');
    agent.kill();
    expect(await refused(agent.env)).toContain('nothing listens there any more');
    expect(await refused({})).toContain('SSH_AUTH_SOCK is not set');
    expect(await refused({ SSH_AUTH_SOCK: '/nonexistent/agent' })).toContain('not there any more');
  });

  test('takes no key of another kind', async () => {
    const { home, agent } = await machine();
    await agent.add([await agent.makeKey('login', ['-t', 'ed25519'])]);
    const create = ['ca', 'create', 'shop', '--ssh-agent'];
    const none = await home.run(create, { env: agent.env });
    expect(none.status).toBe(1);
    expect(twoLines(none).error).toContain('no P-256 key, only ssh-ed25519');
    const [fingerprint = ''] = await agent.list();
    const named = await home.run([...create, fingerprint], { env: agent.env });
    expect(named.status).toBe(6);
    expect(existsSync(join(home.state, 'authorities/shop/root.pem'))).toBe(false);
  });

  test('ca replace wants another key', async () => {
    const { home, agent } = await machine();
    await agent.add([await agent.makeKey('first')]);
    await made(home, agent);
    await home.run(['shop.test', '--ca', 'shop'], { env: agent.env });
    const before = new X509Certificate(readFileSync(join(home.project, '.devcert/cert.pem')));
    const same = await home.run(['ca', 'replace', 'shop'], { env: agent.env });
    expect(same.status).toBe(1);
    expect(twoLines(same).error).toContain('no P-256 key but the one that is to be replaced');
    await agent.add([await agent.makeKey('second')]);
    expect(await home.run(['ca', 'replace', 'shop'], { env: agent.env })).toMatchObject({
      status: 0,
    });
    const after = new X509Certificate(readFileSync(join(home.project, '.devcert/cert.pem')));
    expect(after.fingerprint256).not.toBe(before.fingerprint256);
    expect(await opensslTakes(home, '.devcert')).toBe(true);
    const [, second = ''] = await agent.list();
    const shown = await home.run(['ca', 'show', 'shop', '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      keeping: { way: 'ssh-agent', fingerprint: second },
    });
  });
});
