/** Which key of an SSH agent is to be an authority's. */
import { randomBytes } from 'node:crypto';
import { DevcertError, printable, say } from '../errors.ts';
import type { PublicKey } from '../keys.ts';
import { type AgentKey, agentKeys, type SshAgent, sshAgentSigner } from './ssh-agent.ts';
import { SSH_P256 } from './ssh-key.ts';

export interface KeyWish {
  /** `SHA256:…`; the only P-256 key of the agent if undefined. */
  readonly fingerprint: string | undefined;
  /** The fingerprint of the key that is to be replaced, if there is one. */
  readonly not?: string | undefined;
  /** Also in a session over SSH, whose agent may be one that was forwarded. */
  readonly force: boolean;
}

export interface ChosenKey {
  readonly fingerprint: string;
  readonly publicKey: PublicKey;
}

/**
 * The key, which has signed something to show that it can: an agent may ask its user.
 *
 * @throws DevcertError `refused`, `usage`, and those of the agent.
 */
export async function chooseAgentKey(agent: SshAgent, wish: KeyWish): Promise<ChosenKey> {
  const { env } = agent.machine;
  // Also what was meant for something else: a name behind an option whose value may be left out.
  if (wish.fingerprint !== undefined && !FINGERPRINT.test(wish.fingerprint))
    throw new DevcertError('usage', `"${printable(wish.fingerprint)}" is no key's fingerprint`, {
      hint: say`ssh-add -l shows them: ${{ sshAgent: 'SHA256:…' }}`,
    });
  if (!wish.force && (env.SSH_CONNECTION ?? '') !== '')
    throw new DevcertError(
      'refused',
      'this is a session over SSH: a forwarded agent would let root of this machine use its keys',
      { hint: say`if the agent runs here: ${{ force: true }}` },
    );
  const keys = await agentKeys(agent);
  const chosen = wish.fingerprint === undefined ? onlyKey(keys, wish) : namedKey(keys, wish);
  await sshAgentSigner(chosen.publicKey, agent).sign(
    Buffer.concat([Buffer.from('devcert asks whether this key can sign\0'), randomBytes(16)]),
  );
  return chosen;
}

const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}$/;
const make = 'ssh-keygen -t ecdsa -b 256 -f ~/.ssh/devcert -C devcert && ssh-add -c ~/.ssh/devcert';

function onlyKey(keys: readonly AgentKey[], { not }: KeyWish): ChosenKey {
  const usable = keys.filter(isUsable);
  const [first, ...more] = usable.filter(({ fingerprint }) => fingerprint !== not);
  if (first === undefined)
    throw new DevcertError(
      'agent',
      keys.length === 0
        ? 'the SSH agent has no key, or is locked'
        : usable.length > 0
          ? `the SSH agent has no P-256 key but the one that is to be replaced`
          : `the SSH agent has no P-256 key, only ${kindsOf(keys)}`,
      { hint: `make one for devcert alone: ${make}` },
    );
  if (more.length === 0) return first;
  const all = [first, ...more].map(({ fingerprint, comment }) => `${fingerprint} (${comment})`);
  throw new DevcertError('usage', `the SSH agent has ${all.length} P-256 keys: ${all.join(', ')}`, {
    hint: say`name the one that is for devcert alone: ${{ sshAgent: 'SHA256:…' }}`,
  });
}

function namedKey(keys: readonly AgentKey[], { fingerprint = '', not }: KeyWish): ChosenKey {
  const named = keys.find((it) => it.fingerprint === fingerprint);
  if (named === undefined)
    throw new DevcertError('agent', `the SSH agent has no key ${fingerprint}`, {
      hint: 'see what it has: ssh-add -l; if that says nothing, it may be locked: ssh-add -X',
    });
  if (fingerprint === not)
    throw new DevcertError('refused', `${fingerprint} is the key that is to be replaced`, {
      hint: `make another: ${make}`,
    });
  if (isUsable(named)) return named;
  throw new DevcertError(
    'refused',
    named.type.startsWith('sk-')
      ? `${fingerprint} is a FIDO key (${named.type}): it signs more than a certificate`
      : `${fingerprint} is of the kind ${named.type}, not ${SSH_P256}`,
    { hint: `make one on P-256: ${make}` },
  );
}

function isUsable(key: AgentKey): key is AgentKey & ChosenKey {
  return key.publicKey !== undefined;
}

function kindsOf(keys: readonly AgentKey[]): string {
  return [...new Set(keys.map(({ type }) => type))].join(', ');
}
