/** A signer whose key is in the user's SSH agent: what is signed goes there, and the key never comes here. */
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import type { Host } from '../../platform/types.ts';
import { DevcertError, printable } from '../errors.ts';
import { generateKey, type PublicKey, publicKeyOf } from '../keys.ts';
import { AGENT_ANSWER_MS, AGENT_QUIET_MS, AGENT_SIGNATURE_MS } from '../policy.ts';
import type { Signer } from '../x509/certificate.ts';
import { agentSocket, converse } from './agent-connection.ts';
import { keySigner } from './key.ts';
import {
  decodeSshKey,
  decodeSshSignature,
  encodeSshKey,
  encodeSshSignature,
  sshFingerprint,
} from './ssh-key.ts';
import { damagedAnswer, sshString, uint32, WireReader } from './ssh-wire.ts';

/** The user's agent, as far as it is needed to reach it. */
export interface SshAgent {
  readonly machine: Pick<Host, 'env' | 'platform' | 'uid'>;
  /** Told what the agent waits for when it takes over a second, and an empty text in the end. */
  readonly progress?: ((doing: string) => void) | undefined;
  /** Time limits, for tests. */
  readonly limits?: {
    readonly answerMs: number;
    readonly signatureMs: number;
    readonly quietMs: number;
  };
}

/** A key that an agent has. */
export interface AgentKey {
  /** `SHA256:…`, as `ssh-add -l` shows it. */
  readonly fingerprint: string;
  /** As SSH calls it: `ecdsa-sha2-nistp256`. */
  readonly type: string;
  /** Nothing in it steers a terminal. */
  readonly comment: string;
  /** Undefined for one that signs nothing that X.509 knows. */
  readonly publicKey: PublicKey | undefined;
}

// RFC 9987
const FAILURE = 5;
const SUCCESS = 6;
const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
const SIGN_REQUEST = 13;
const SIGN_RESPONSE = 14;
const EXTENSION = 27;

/** What the agent has. @throws DevcertError `agent`, `refused`. */
export async function agentKeys(agent: SshAgent): Promise<AgentKey[]> {
  const [answer] = await ask(agent, [Buffer.of(REQUEST_IDENTITIES)]);
  return keysIn(answer);
}

/** @param publicKey on P-256. */
export function sshAgentSigner(publicKey: PublicKey, agent: SshAgent): Signer {
  return { publicKey, sign: (toBeSigned) => signWith(agent, publicKey, toBeSigned) };
}

/** How the key is called. @param publicKey on P-256. */
export function fingerprintOf(publicKey: PublicKey): string {
  return sshFingerprint(encodeSshKey(publicKey));
}

async function signWith(
  agent: SshAgent,
  publicKey: PublicKey,
  toBeSigned: Buffer,
): Promise<Buffer> {
  const key = encodeSshKey(publicKey);
  const noFlags = uint32(0);
  const request = [Buffer.of(SIGN_REQUEST), sshString(key), sshString(toBeSigned), noFlags];
  const answer = await patiently(agent, [Buffer.concat(request)]);
  if (answer[0] === FAILURE) throw await whyRefused(agent, key);
  const reader = new WireReader(answer);
  if (reader.byte() !== SIGN_RESPONSE) throw damagedAnswer();
  const signature = decodeSshSignature(reader.string());
  reader.end();
  const verifier = createPublicKey({ key: publicKey.der, type: 'spki', format: 'der' });
  // Never believed: nothing may be written that no client accepts.
  if (verify('sha256', toBeSigned, verifier, signature)) return signature;
  throw new DevcertError(
    'agent',
    `the SSH agent signed with another key than ${sshFingerprint(key)}`,
    {
      hint: 'see what it has: ssh-add -l',
    },
  );
}

/** The agent says no, and not why: this is found out by what else it says. */
async function whyRefused(agent: SshAgent, key: Buffer): Promise<DevcertError> {
  const fingerprint = sshFingerprint(key);
  const has = (keys: readonly AgentKey[]) => keys.some((it) => it.fingerprint === fingerprint);
  const keys = await agentKeys(agent);
  const bound = await keysForStranger(agent);
  if (has(keys) && bound !== undefined && !has(bound))
    return new DevcertError('agent', `the SSH agent keeps ${fingerprint} for some hosts alone`, {
      hint: 'add it without destinations: ssh-add -d FILE && ssh-add FILE',
    });
  if (has(keys))
    return new DevcertError('agent', `the SSH agent did not sign with ${fingerprint}`, {
      hint: 'agree when it asks, and give it a way to ask: it needs SSH_ASKPASS and a desktop',
    });
  if (keys.length === 0 && bound === undefined)
    return new DevcertError('agent', 'the SSH agent is locked, or has no key', {
      hint: 'unlock it: ssh-add -X; or add the key: ssh-add FILE',
    });
  return new DevcertError('agent', `the SSH agent does not have the key ${fingerprint}`, {
    hint: 'add it: ssh-add FILE; from a smart card or chip: ssh-add -s MODULE',
  });
}

/**
 * What the agent would show to a host that nobody knows (OpenSSH's PROTOCOL.agent, session-bind): no key that is
 * kept for some hosts. Undefined if it does not take part: it is locked, or not OpenSSH's.
 */
async function keysForStranger(agent: SshAgent): Promise<AgentKey[] | undefined> {
  const host = generateKey('p256');
  const session = randomBytes(32);
  const signature = encodeSshSignature(await keySigner(host).sign(session));
  const bind = Buffer.concat([
    Buffer.of(EXTENSION),
    sshString('session-bind@openssh.com'),
    ...[encodeSshKey(publicKeyOf(host)), session, signature].map(sshString),
    Buffer.of(0), // not forwarded
  ]);
  const [bound, keys] = await ask(agent, [bind, Buffer.of(REQUEST_IDENTITIES)]);
  return bound?.[0] === SUCCESS ? keysIn(keys) : undefined;
}

function keysIn(answer: Buffer = Buffer.alloc(0)): AgentKey[] {
  const reader = new WireReader(answer);
  const type = reader.byte();
  if (type === FAILURE) return [];
  if (type !== IDENTITIES_ANSWER) throw damagedAnswer();
  const keys: AgentKey[] = [];
  // However many it says: each takes bytes of an answer that is not long.
  for (let left = reader.uint32(); left > 0; left--) {
    const blob = reader.string();
    const comment = printable(reader.text());
    const { type, publicKey } = decodeSshKey(blob);
    keys.push({ fingerprint: sshFingerprint(blob), type: printable(type), comment, publicKey });
  }
  reader.end();
  return keys;
}

function ask({ machine, limits }: SshAgent, requests: readonly Buffer[]): Promise<Buffer[]> {
  return converse(agentSocket(machine), requests, limits?.answerMs ?? AGENT_ANSWER_MS);
}

/** One that may wait for a person, who is told so. */
async function patiently(agent: SshAgent, requests: readonly Buffer[]): Promise<Buffer> {
  const { machine, limits, progress } = agent;
  const timeoutMs = limits?.signatureMs ?? AGENT_SIGNATURE_MS;
  const timer = setTimeout(() => {
    progress?.('touch your key now, or answer your SSH agent');
  }, limits?.quietMs ?? AGENT_QUIET_MS);
  try {
    const [answer = Buffer.alloc(0)] = await converse(agentSocket(machine), requests, timeoutMs);
    return answer;
  } finally {
    clearTimeout(timer);
    progress?.('');
  }
}
