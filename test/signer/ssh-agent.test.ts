import { spawnSync } from 'node:child_process';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generateKey, publicKeyOf } from '../../src/keys.ts';
import { MAX_AGENT_BYTES } from '../../src/policy.ts';
import { chooseAgentKey, type KeyWish } from '../../src/signer/agent-choice.ts';
import { agentSocket } from '../../src/signer/agent-connection.ts';
import { agentKeys, fingerprintOf, sshAgentSigner } from '../../src/signer/ssh-agent.ts';
import { temporaryFolder } from '../helpers/host.ts';
import {
  agentKey,
  blobOf,
  doubleAgent,
  type DoubleKey,
  otherKey,
  signResponse,
  string,
} from '../helpers/ssh-agent.ts';

const bytes = Buffer.from('to be signed');
const publicKey = (key: DoubleKey) => publicKeyOf(key.key ?? generateKey('p256'));
const fingerprint = ({ blob }: DoubleKey) =>
  `SHA256:${createHash('sha256').update(blob).digest('base64').replace('=', '')}`;
const limits = { answerMs: 30_000, signatureMs: 30_000, quietMs: 30_000 };

describe('sshAgentSigner()', () => {
  test('hands back what X.509 wants, whatever r and s look like', async () => {
    const key = agentKey();
    const { agent, signed } = await doubleAgent({ keys: [agentKey('another'), key] });
    const signer = sshAgentSigner(publicKey(key), agent);
    const verifier = createPublicKey(key.key ?? generateKey('p256'));
    // Half of all numbers begin with a set bit, and one in 256 is a byte shorter.
    for (let number = 0; number < 300; number++) {
      const toBeSigned = Buffer.from(`certificate ${number}`);
      const signature = await signer.sign(toBeSigned);
      expect(verify('sha256', toBeSigned, verifier, signature)).toBe(true);
      expect(verify('sha256', bytes, verifier, signature)).toBe(false);
    }
    expect(signed[0]?.toString()).toBe('certificate 0');
    expect(signer.publicKey).toEqual(publicKey(key));
  });

  test('refuses a signature by another key, good as it is', async () => {
    const key = agentKey();
    const { agent } = await doubleAgent({ keys: [key], signsWith: generateKey('p256') });
    await expect(sshAgentSigner(publicKey(key), agent).sign(bytes)).rejects.toMatchObject({
      code: 'agent',
      message: `the SSH agent signed with another key than ${fingerprint(key)}`,
    });
  });

  test('says why nothing was signed, each reason its own', async () => {
    const key = agentKey();
    const sign = async (options: Parameters<typeof doubleAgent>[0]) => {
      const { agent } = await doubleAgent(options);
      return sshAgentSigner(publicKey(key), agent).sign(bytes);
    };
    const reasons: [Parameters<typeof doubleAgent>[0], string, string][] = [
      [{ keys: [key], refuses: true }, 'did not sign with', 'SSH_ASKPASS'],
      [{ keys: [agentKey()] }, 'does not have the key', 'ssh-add FILE'],
      [{ keys: [] }, 'does not have the key', 'ssh-add FILE'],
      [{ keys: [key], locked: true }, 'is locked', 'ssh-add -X'],
      [{ keys: [{ ...key, forHosts: true }] }, 'for some hosts alone', 'without destinations'],
    ];
    for (const [options, message, hint] of reasons)
      await expect(sign(options), message).rejects.toMatchObject({
        code: 'agent',
        exitCode: 1,
        message: expect.stringContaining(message) as string,
        hint: expect.stringContaining(hint) as string,
      });
  });

  test('takes an agent that knows no extension for what it says it is', async () => {
    const key = agentKey();
    const answer = (request: Buffer) => (request[0] === 27 ? string(Buffer.of(28)) : undefined);
    const refusing = await doubleAgent({ keys: [key], refuses: true, answer });
    await expect(sshAgentSigner(publicKey(key), refusing.agent).sign(bytes)).rejects.toThrow(
      'did not sign with',
    );
    const empty = await doubleAgent({ answer });
    await expect(sshAgentSigner(publicKey(key), empty.agent).sign(bytes)).rejects.toThrow(
      'is locked, or has no key',
    );
  });

  test('ends by itself when the agent hangs, and tells a person who waits what for', async () => {
    const key = agentKey();
    const told: string[] = [];
    const { agent } = await doubleAgent(
      { keys: [key], answer: () => 'hang' },
      {
        limits: { answerMs: 5, signatureMs: 60, quietMs: 5 },
        progress: (doing) => told.push(doing),
      },
    );
    await expect(sshAgentSigner(publicKey(key), agent).sign(bytes)).rejects.toMatchObject({
      code: 'agent',
      message: 'the SSH agent did not answer in 0.06 seconds',
    });
    expect(told).toEqual(['touch your key now, or answer your SSH agent', '']);
  });

  test('says nothing of a touch where the agent is quick', async () => {
    const key = agentKey();
    const told: string[] = [];
    const progress = (doing: string) => told.push(doing);
    const { agent } = await doubleAgent({ keys: [key] }, { limits, progress });
    await sshAgentSigner(publicKey(key), agent).sign(bytes);
    expect(told.filter((doing) => doing !== '')).toEqual([]);
  });

  test('any number may wait for a slow agent at once, each for its own answer', async () => {
    const key = agentKey();
    const { agent } = await doubleAgent({ keys: [key], delayMs: 20 });
    const signer = sshAgentSigner(publicKey(key), agent);
    const verifier = createPublicKey(key.key ?? generateKey('p256'));
    const all = Array.from({ length: 20 }, (_, number) => Buffer.from(`certificate ${number}`));
    const signatures = await Promise.all(all.map((it) => signer.sign(it)));
    signatures.forEach((it, number) => {
      expect(verify('sha256', all[number] ?? bytes, verifier, it)).toBe(true);
    });
  });

  test('is closed on by one that serves another user', async () => {
    const { agent } = await doubleAgent({ answer: () => 'close' });
    const signer = sshAgentSigner(publicKey(agentKey()), agent);
    await expect(signer.sign(bytes)).rejects.toMatchObject({
      code: 'agent',
      message: 'the SSH agent closed the connection without an answer',
      hint: expect.stringContaining('who started it') as string,
    });
  });

  test('believes no answer that an agent would not send', async () => {
    const key = agentKey();
    const good = signResponse(key.key ?? generateKey('p256'), bytes);
    const typed = (type: string, content: Buffer) =>
      Buffer.concat([Buffer.of(14), string(Buffer.concat([string(type), string(content)]))]);
    const p256 = 'ecdsa-sha2-nistp256';
    const number = string(Buffer.of(1));
    const negative = string(Buffer.of(0x80));
    const answers: Record<string, Buffer> = {
      'a length of 4 GiB': Buffer.of(0xff, 0xff, 0xff, 0xff, 14),
      'a length above the limit': Buffer.concat([
        Buffer.of(0, (MAX_AGENT_BYTES >> 16) & 0xff, 0, 1),
        Buffer.of(14),
      ]),
      'no type': Buffer.alloc(4),
      'more than was asked for': Buffer.concat([string(good), string(good)]),
      'another type': string(Buffer.of(6)),
      'keys instead of a signature': string(Buffer.of(12, 0, 0, 0, 0)),
      'a type alone': string(Buffer.of(14)),
      'a string that is longer than the answer': string(Buffer.of(14, 0, 0, 1, 0, 1)),
      'a signature of another kind': string(typed('ssh-ed25519', Buffer.alloc(64))),
      'one number': string(typed(p256, number)),
      'three numbers': string(typed(p256, Buffer.concat([number, number, number]))),
      'a negative number': string(typed(p256, Buffer.concat([number, negative]))),
      'an empty number': string(typed(p256, Buffer.concat([number, string('')]))),
      'bytes behind it': string(Buffer.concat([good, Buffer.of(0)])),
    };
    for (const [what, answer] of Object.entries(answers)) {
      const { agent } = await doubleAgent({ keys: [key], answer: () => answer });
      const signer = sshAgentSigner(publicKey(key), { ...agent, limits });
      await expect(signer.sign(bytes), what).rejects.toMatchObject({
        code: 'agent',
        message: 'what answers as the SSH agent does not speak its language',
      });
    }
    // Numbers of their kind, which sign nothing.
    const huge = string(Buffer.alloc(1000, 1));
    for (const numbers of [Buffer.concat([number, number]), Buffer.concat([huge, huge])]) {
      const { agent } = await doubleAgent({ answer: () => string(typed(p256, numbers)) });
      await expect(sshAgentSigner(publicKey(key), agent).sign(bytes)).rejects.toMatchObject({
        message: expect.stringContaining('signed with another key') as string,
      });
    }
  });

  test('waits for an answer that comes in pieces, not for one that never ends', async () => {
    const key = agentKey();
    const { agent } = await doubleAgent({ answer: () => Buffer.of(0, 0, 0, 9, 14) });
    const impatient = { ...agent, limits: { answerMs: 30, signatureMs: 30, quietMs: 30 } };
    await expect(sshAgentSigner(publicKey(key), impatient).sign(bytes)).rejects.toThrow(
      'did not answer',
    );
  });
});

describe('agentKeys()', () => {
  test('lists them as ssh-add does, what steers a terminal taken out', async () => {
    const key = agentKey('made\u001b[31m here');
    const fido = otherKey('sk-ecdsa-sha2-nistp256@openssh.com');
    const { agent } = await doubleAgent({ keys: [key, fido, otherKey('ssh-ed25519')] });
    expect(await agentKeys(agent)).toEqual([
      {
        fingerprint: fingerprint(key),
        type: 'ecdsa-sha2-nistp256',
        comment: 'made[31m here',
        publicKey: publicKey(key),
      },
      {
        fingerprint: fingerprint(fido),
        type: 'sk-ecdsa-sha2-nistp256@openssh.com',
        comment: 'sk-ecdsa-sha2-nistp256@openssh.com',
        publicKey: undefined,
      },
      expect.objectContaining({ type: 'ssh-ed25519', publicKey: undefined }) as unknown,
    ]);
    expect(fingerprintOf(publicKey(key))).toBe(fingerprint(key));
  });

  test('takes no point for a key that is none of the curve', async () => {
    const { blob } = agentKey();
    const wrong = Buffer.from(blob);
    wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1;
    const compressed = Buffer.concat([
      ...['ecdsa-sha2-nistp256', 'nistp256'].map((it) => string(it)),
      string(Buffer.concat([Buffer.of(2), blob.subarray(-64, -32)])),
    ]);
    const otherCurve = Buffer.concat([
      ...['ecdsa-sha2-nistp256', 'nistp384', blob.subarray(-65)].map((it) => string(it)),
    ]);
    const keys = [wrong, compressed, otherCurve].map((blob) => ({ blob, comment: '' }));
    const { agent } = await doubleAgent({ keys });
    expect((await agentKeys(agent)).map(({ publicKey }) => publicKey)).toEqual(
      keys.map(() => undefined),
    );
  });

  test('does not count to four billion because it is told to', async () => {
    const endless = Buffer.concat([
      Buffer.of(12, 0xff, 0xff, 0xff, 0xff),
      string(blobOf(generateKey('p256'))),
      string('a key'),
    ]);
    const truncated = [endless, Buffer.of(12), Buffer.of(12, 0, 0, 0, 1), Buffer.of(14)];
    for (const answer of truncated) {
      const { agent } = await doubleAgent({ answer: () => string(answer) });
      await expect(agentKeys(agent)).rejects.toMatchObject({ code: 'agent' });
    }
    const { agent } = await doubleAgent({ answer: () => string(Buffer.of(5)) });
    expect(await agentKeys(agent)).toEqual([]);
  });
});

describe('agentSocket()', () => {
  const machine = { env: {}, platform: 'linux' as const, uid: process.geteuid?.() };

  test('needs SSH_AUTH_SOCK, an absolute path to a socket', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    const cases: [string | undefined, string][] = [
      [undefined, 'SSH_AUTH_SOCK is not set'],
      ['', 'SSH_AUTH_SOCK is not set'],
      ['agent', 'not an absolute path'],
      [join(folder, 'file'), 'leads to no socket'],
      [join(folder, 'gone'), 'not there any more'],
      [join(folder, 'file/below'), 'not there any more'],
    ];
    for (const [path, message] of cases)
      expect(() => agentSocket({ ...machine, env: { SSH_AUTH_SOCK: path } }), message).toThrow(
        expect.objectContaining({
          code: 'agent',
          message: expect.stringContaining(message) as string,
        }) as Error,
      );
    const { agent } = await doubleAgent();
    expect(agentSocket({ ...machine, ...agent.machine })).toBe(agent.machine.env.SSH_AUTH_SOCK);
  });

  test.skipIf(process.platform === 'win32')('takes none of another user', async () => {
    const { path } = await doubleAgent();
    const take = (uid: number) => agentSocket({ ...machine, env: { SSH_AUTH_SOCK: path }, uid });
    // Root's is taken: a container has such a one.
    if (process.geteuid?.() === 0) {
      expect(take(1234)).toBe(path);
      chownSync(path, 4321, 4321);
      expect(take(4321)).toBe(path);
    }
    expect(() => take(1234)).toThrow(
      expect.objectContaining({
        code: 'refused',
        message: `the SSH agent at "${path}" belongs to another user`,
      }) as Error,
    );
  });

  test.skipIf(process.platform === 'win32')(
    'says that nothing listens there any more',
    async () => {
      const path = join(temporaryFolder(), 'dead');
      // Node takes its socket away when it closes: what is left is as after a crash.
      const code = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
      spawnSync(process.execPath, ['-e', code], { timeout: 30_000 });
      const dead = { ...machine, env: { SSH_AUTH_SOCK: path } };
      await expect(agentKeys({ machine: dead })).rejects.toMatchObject({
        code: 'agent',
        message: `cannot reach the SSH agent at "${path}": nothing listens there any more`,
        hint: expect.stringContaining('ssh-agent') as string,
      });
    },
  );

  test('on Windows it is OpenSSH’s pipe, unless another pipe is named', () => {
    const windows = { env: {}, platform: 'win32' as const, uid: undefined };
    const pipe = '\\\\.\\pipe\\openssh-ssh-agent';
    expect(agentSocket(windows)).toBe(pipe);
    expect(agentSocket({ ...windows, env: { SSH_AUTH_SOCK: '/tmp/ssh-1/agent.7' } })).toBe(pipe);
    const own = '\\\\.\\pipe\\mine';
    expect(agentSocket({ ...windows, env: { SSH_AUTH_SOCK: own } })).toBe(own);
  });
});

describe('chooseAgentKey()', () => {
  const wish: KeyWish = { fingerprint: undefined, force: false };

  test('takes the only P-256 key, once it has signed', async () => {
    const key = agentKey();
    const { agent, signed } = await doubleAgent({ keys: [otherKey('ssh-rsa'), key] });
    expect(await chooseAgentKey(agent, wish)).toMatchObject({
      fingerprint: fingerprint(key),
      publicKey: publicKey(key),
    });
    expect(signed).toHaveLength(1);
  });

  test('takes the one that is named', async () => {
    const [first, second] = [agentKey(), agentKey()];
    const { agent } = await doubleAgent({ keys: [first, second] });
    const named = { ...wish, fingerprint: fingerprint(second) };
    expect(await chooseAgentKey(agent, named)).toMatchObject({ fingerprint: fingerprint(second) });
  });

  test('refuses what cannot or should not be it, each with its reason', async () => {
    const [key, second] = [agentKey('one'), agentKey('two')];
    const fido = otherKey('sk-ecdsa-sha2-nistp256@openssh.com');
    const named = (it: DoubleKey) => ({ fingerprint: fingerprint(it) });
    const cases: [Parameters<typeof doubleAgent>[0], Partial<KeyWish>, string, string, string][] = [
      [{ keys: [key, second] }, {}, 'usage', '2 P-256 keys', "{ sshAgent: 'SHA256:…' }"],
      [{ keys: [] }, {}, 'agent', 'no key, or is locked', 'ssh-keygen -t ecdsa'],
      [{ keys: [otherKey('ssh-rsa')] }, {}, 'agent', 'only ssh-rsa', 'ssh-keygen -t ecdsa'],
      [{ keys: [key] }, { fingerprint: 'localhost' }, 'usage', '"localhost" is no key', 'SHA256:…'],
      [{ keys: [key] }, { fingerprint: 'SHA256:' }, 'usage', 'is no key', 'ssh-add -l'],
      [{ keys: [key] }, { not: fingerprint(key) }, 'agent', 'to be replaced', 'ssh-keygen'],
      [
        { keys: [key] },
        { not: fingerprint(key), ...named(key) },
        'refused',
        'to be replaced',
        'make another',
      ],
      [{ keys: [key] }, named(second), 'agent', `no key ${fingerprint(second)}`, 'ssh-add -l'],
      [{ keys: [fido] }, named(fido), 'refused', 'a FIDO key', 'ssh-keygen'],
      [
        { keys: [otherKey('ssh-ed25519')] },
        named(otherKey('ssh-ed25519')),
        'refused',
        'of the kind ssh-ed25519',
        'ssh-keygen',
      ],
      [{ keys: [{ ...key, forHosts: true }] }, {}, 'agent', 'for some hosts alone', 'ssh-add -d'],
      [{ keys: [key], refuses: true }, {}, 'agent', 'did not sign', 'SSH_ASKPASS'],
      [{ keys: [key], signsWith: second.key }, {}, 'agent', 'another key', 'ssh-add -l'],
    ];
    for (const [options, more, code, message, hint] of cases) {
      const { agent } = await doubleAgent(options);
      await expect(chooseAgentKey(agent, { ...wish, ...more }), message).rejects.toMatchObject({
        code,
        message: expect.stringContaining(message) as string,
        hint: expect.stringContaining(hint) as string,
      });
    }
  });

  test('an agent with many keys and long comments makes no long message', async () => {
    const keys = Array.from({ length: 40 }, () => agentKey('x'.repeat(2000)));
    const { agent } = await doubleAgent({ keys });
    const error = await chooseAgentKey(agent, wish).catch((it: unknown) => it);
    expect(error).toMatchObject({
      code: 'usage',
      message: expect.stringMatching(
        /^the SSH agent has 40 P-256 keys: .{1,700} and more$/,
      ) as string,
    });
  });

  test('in a session over SSH only by force, and nothing is asked before', async () => {
    const { agent, requests } = await doubleAgent({ keys: [agentKey()] });
    const env = { ...agent.machine.env, SSH_CONNECTION: '192.0.2.1 50000 192.0.2.2 22' };
    const remote = { ...agent, machine: { ...agent.machine, env } };
    await expect(chooseAgentKey(remote, wish)).rejects.toMatchObject({
      code: 'refused',
      hint: expect.stringContaining('runs here: { force: true }') as string,
    });
    expect(requests).toEqual([]);
    expect(await chooseAgentKey(remote, { ...wish, force: true })).toBeDefined();
  });
});
