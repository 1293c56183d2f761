/** Keeping the key of an authority in the user's SSH agent. */
import { encodeKeeping } from '../authority/keeping.ts';
import { chooseAgentKey, type KeyWish } from '../signer/agent-choice.ts';
import { Keyring } from '../signer/keyring.ts';
import type { Context } from './context.ts';
import type { Keeper } from './keeper.ts';

/** Looks for the key in the agent, and has it sign something. @throws DevcertError `agent`, `refused`, `usage`. */
export async function agentKeeper(
  { keys = new Keyring() }: Context,
  wish: KeyWish,
): Promise<Keeper> {
  const { fingerprint, publicKey } = await keys.use(() => chooseAgentKey(keys.agent, wish));
  return {
    issuerKey: publicKey,
    keep: (pem) => ({ ...pem, keeping: encodeKeeping({ way: 'ssh-agent', fingerprint }) }),
    isKept: ({ keeping }) =>
      Promise.resolve(keeping.way === 'ssh-agent' && keeping.fingerprint === fingerprint),
  };
}
