/** The command with an SSH agent that takes its time: nobody else waits for it, and all come right. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readLedger } from '../../src/ledger/ledger.ts';
import { freshHome, twoLines } from '../helpers/cli.ts';
import { agentKey, doubleAgent, string } from '../helpers/ssh-agent.ts';

describe('devcert with an SSH agent', () => {
  test('20 at once with a slow one: 20 certificates that verify', async () => {
    const { run, project, state } = freshHome();
    const { path } = await doubleAgent({ keys: [agentKey()], delayMs: 300 });
    const env = { SSH_AUTH_SOCK: path };
    const made = await run(['ca', 'create', 'shop', '--ssh-agent'], { env });
    expect(made).toMatchObject({ status: 0 });
    const runs = Array.from({ length: 20 }, (_, i) =>
      run([`app${i}.test`, '--ca', 'shop', '--out', `out${i}`], { env }),
    );
    const ended = await Promise.all(runs);
    expect(ended.filter(({ status }) => status !== 0)).toEqual([]);
    const issuer = new X509Certificate(readFileSync(join(state, 'authorities/shop/issuer.pem')));
    for (let i = 0; i < 20; i++) {
      const part = (name: string) => readFileSync(join(project, `out${i}`, name));
      const leaf = new X509Certificate(part('cert.pem'));
      expect(leaf.verify(issuer.publicKey)).toBe(true);
      expect(leaf.checkPrivateKey(createPrivateKey(part('key.pem')))).toBe(true);
    }
    expect(readLedger(state)).toHaveLength(20);
  });

  test('while one waits for it, others work in the same state folder', async () => {
    const { run, project } = freshHome();
    const key = agentKey();
    let isHeld = false;
    let hold: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (hold = resolve));
    const { path, drop } = await doubleAgent({
      keys: [key],
      answer: (request) => {
        if (!isHeld || request[0] !== 13) return undefined;
        hold();
        return 'hang';
      },
    });
    const env = { SSH_AUTH_SOCK: path };
    await run(['ca', 'create', 'shop', '--ssh-agent'], { env });
    await run(['shop.test', '--ca', 'shop', '--out', 'before'], { env });
    isHeld = true;
    const waiting = run(['shop.test', '--ca', 'shop', '--out', 'waits'], { env });
    await held;
    // In the default authority, which is made, in the same one, which has a pair, and in the ledger.
    expect(await run(['api.test'])).toMatchObject({ status: 0 });
    expect(await run(['shop.test', '--ca', 'shop', '--out', 'before'], { env })).toMatchObject({
      status: 0,
    });
    expect(await run(['ca', 'create', 'other'])).toMatchObject({ status: 0 });
    expect(existsSync(join(project, 'waits'))).toBe(false);
    drop();
    expect(twoLines(await waiting).error).toContain('closed the connection');
    expect(existsSync(join(project, 'waits'))).toBe(false);
  });

  test('one that signs with another key leaves nothing behind', async () => {
    const { run, project, state } = freshHome();
    const [key, other] = [agentKey(), agentKey()];
    const good = await doubleAgent({ keys: [key] });
    const made = ['ca', 'create', 'shop', '--ssh-agent'];
    await run(made, { env: { SSH_AUTH_SOCK: good.path } });
    const bad = await doubleAgent({ keys: [key], signsWith: other.key });
    const ran = await run(['shop.test', '--ca', 'shop'], { env: { SSH_AUTH_SOCK: bad.path } });
    expect(ran.status).toBe(1);
    expect(twoLines(ran).error).toContain('signed with another key');
    expect(existsSync(join(project, '.devcert'))).toBe(false);
    expect(readLedger(state)).toEqual([]);
  });

  test('takes no key in a session over SSH, but by --force', async () => {
    const { run, state } = freshHome();
    const { path, requests } = await doubleAgent({ keys: [agentKey()] });
    const env = { SSH_AUTH_SOCK: path, SSH_CONNECTION: '192.0.2.1 50000 192.0.2.2 22' };
    const create = ['ca', 'create', 'shop', '--ssh-agent'];
    const ran = await run(create, { env });
    expect(ran.status).toBe(6);
    expect(twoLines(ran)).toEqual({
      error: expect.stringContaining('a session over SSH') as string,
      hint: expect.stringContaining('--force') as string,
    });
    expect(requests).toEqual([]);
    expect(existsSync(join(state, 'authorities/shop/root.pem'))).toBe(false);
    expect(await run([...create, '--force'], { env })).toMatchObject({ status: 0 });
    // It was said once: what it certifies is nothing new.
    expect(await run(['shop.test', '--ca', 'shop'], { env })).toMatchObject({ status: 0 });
  });

  test('a value that is no fingerprint is a slip of usage', async () => {
    const { run } = freshHome();
    const { path, requests } = await doubleAgent({ answer: () => string(Buffer.of(5)) });
    const ran = await run(['ca', 'create', '--ssh-agent', 'shop', 'extra'], {
      env: { SSH_AUTH_SOCK: path },
    });
    expect(ran.status).toBe(2);
    expect(twoLines(ran).error).toContain('"shop" is no key\'s fingerprint');
    expect(requests).toEqual([]);
  });
});
