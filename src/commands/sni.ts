/** Certificates in memory for the names that clients ask a server for, made when the first one asks. */
import { createSecureContext, type SecureContext } from 'node:tls';
import { assertNotExpired, type Authority } from '../authority/authority.ts';
import { loadAuthority, rootFile } from '../authority/folder.ts';
import { assertNotSealed } from '../authority/keeping.ts';
import { assertCertifies } from '../authority/permits.ts';
import { assertUsages, leafSigner, type SignedLeaf } from '../certificate/issue.ts';
import { areDaysEnough } from '../certificate/reusable.ts';
import { stampOf } from '../disk/files.ts';
import { asError, DevcertError, say } from '../errors.ts';
import { generateKeyPair } from '../keys.ts';
import { isPermitted } from '../names/constraints.ts';
import type { Name } from '../names/names.ts';
import { DEFAULT_KEY_TYPE, type LeafOptions, parseLeafRequest } from '../names/request.ts';
import { allowNames, parseServerName } from '../names/server-names.ts';
import { ALLOW_MS, MAX_SERVER_CONTEXTS } from '../policy.ts';
import { encodePem } from '../keystore/pem.ts';
import { keySigner } from '../signer/key.ts';
import {
  assertNoBuild,
  type AuthorityOption,
  type Context,
  ensureAuthorityFor,
  identity,
  type Lists,
  refuseSudo,
} from './context.ts';

export interface SniOptions extends Pick<LeafOptions, 'key' | 'days'>, AuthorityOption {
  /**
   * The names that certificates are made for: names and wildcards (`*.app.test`, for what is directly below
   * `app.test`), or a function that is asked about each other name: canonical, lower case, A-labels, without
   * a dot at the end. Only `true` allows it; what it throws, and no answer within ten seconds, refuse it. It is
   * not asked again while the certificate is kept.
   */
  readonly allow: string | readonly string[] | ((name: string) => boolean | Promise<boolean>);
  /**
   * More options of `tls.createSecureContext()`, for every name. Where clients show certificates give `ca` here,
   * too: Node takes it from the context of the name, not from the server.
   */
  readonly secureContext?: object;
}

/**
 * What `tls.createServer()` and its kin take as `SNICallback`. It never throws, and calls back once: without a
 * context for a name that gets none, never with an error, at which Node would hang up without an alert.
 */
export type SniCallback = (
  servername: string,
  callback: (error: Error | null, context?: { readonly context: unknown }) => void,
) => void;

interface Held {
  readonly context: SecureContext;
  readonly leaf: SignedLeaf;
  readonly authority: Authority;
}

/**
 * A callback that answers clients with a certificate for the name that they ask for, if it is allowed. Others
 * get the server's own one, which is not for that name, or an alert where it has none. The authority is made
 * now if there is none, and never by a handshake; when it is replaced, its successor makes the certificates
 * anew.
 *
 * @param failed is told why a client is refused, and what could not be renewed.
 * @param limit of the certificates that are kept, those that were used last.
 * @throws DevcertError `refused` for an authority that cannot sign without asking somebody; `usage`,
 *   `invalid-name`, `outside-constraints`, `password`, `file`, `invalid-authority`, `expired`, `busy`.
 */
export async function sniCallback(
  context: Context,
  options: Lists<SniOptions>,
  failed: (error: Error) => void,
  limit = MAX_SERVER_CONTEXTS,
): Promise<SniCallback> {
  const { host, folder } = context;
  const { allow } = options;
  const allowed = typeof allow === 'function' ? undefined : allowNames(allow);
  const { usages, keyType, validityDays } = parseLeafRequest([], {
    key: options.key,
    days: options.days,
  });
  refuseSudo(context);
  assertNoBuild(context);
  const names = allowed?.names ?? [];
  const stamp = stampOf(rootFile(folder));
  const { authority } = await ensureAuthorityFor(context, names);
  assertNotExpired(authority, host.now());
  assertUsages(authority, usages);
  assertCertifies(authority, names);
  const who = identity(context);
  // One for all: they are in the same memory anyway, and no handshake waits for a key to be made.
  const { publicKey, keyPem: key } = generateKeyPair(keyType ?? DEFAULT_KEY_TYPE);
  const contextWith = (cert?: string): SecureContext =>
    // What it shows is ours to say.
    createSecureContext({ ...options.secureContext, pfx: undefined, cert, key });
  try {
    contextWith(); // else each client would meet what is wrong with the options
  } catch (error) {
    throw new DevcertError('usage', `"secureContext" is not taken: ${asError(error).message}`, {
      hint: 'give options of tls.createSecureContext()',
      cause: error,
    });
  }
  const held = new Map<string, Held>();
  const making = new Map<string, Promise<SecureContext>>();
  const signingWith = (stamp: string | undefined, authority: Authority) => {
    const request = { names: [], usages, validityDays, publicKey };
    return { stamp, authority, sign: leafSigner(authority, request, who) };
  };
  let current = signingWith(stamp, await unattended(authority, context));
  const isReplaced = () => ![current.stamp, undefined].includes(stampOf(rootFile(folder)));

  /** Kept under its name, and used now: the first of the map is the one that was not for longest. */
  const keep = (name: string, it: Held): SecureContext => {
    held.delete(name);
    held.set(name, it);
    const [oldest] = held.keys();
    if (held.size > limit && oldest !== undefined) held.delete(oldest);
    return it.context;
  };

  const signing = async () => {
    const stamp = stampOf(rootFile(folder));
    if (stamp !== current.stamp) {
      const authority = await unattended(await loadAuthority(folder), context, current.authority);
      current = signingWith(stamp, authority);
    }
    return current;
  };

  const make = async (name: string): Promise<SecureContext> => {
    const { authority, sign } = await signing();
    const wanted: Name = { type: 'dns', value: name };
    // Not by assertCertifies() alone: a refusal that tells what would help takes longer than a signature.
    if (!isPermitted(authority.constraints, wanted)) throw notAllowed(name);
    const leaf = await sign([wanted], host.now());
    const cert = encodePem('CERTIFICATE', leaf.der) + authority.chainPem;
    return keep(name, { context: contextWith(cert), leaf, authority });
  };

  /** An earlier one that is still valid does where none can be made. */
  const makeAnew = async (name: string, earlier: Held | undefined): Promise<SecureContext> => {
    if (typeof allow === 'function' && !(await isAllowed(allow, name))) throw notAllowed(name);
    try {
      return await make(name);
    } catch (error) {
      if (earlier === undefined || !isValid(earlier.leaf, host.now())) throw error;
      failed(asError(error));
      return earlier.context;
    }
  };

  /** One for all who ask in the meantime. */
  const joined = (name: string): Promise<SecureContext> => {
    const made =
      making.get(name) ?? makeAnew(name, held.get(name)).finally(() => making.delete(name));
    making.set(name, made);
    return made;
  };

  return (servername, callback) => {
    let name: string | undefined;
    try {
      const asked = parseServerName(servername);
      name = allowed === undefined ? asked : allowed.nameFor(asked);
      if (name === undefined) throw notAllowed(asked);
    } catch (error) {
      failed(asError(error));
      callback(null);
      return;
    }
    const it = held.get(name);
    const isFresh = it !== undefined && areDaysEnough(it.leaf, host.now());
    if (isFresh && it.authority === current.authority && !isReplaced()) {
      callback(null, keep(name, it));
      return;
    }
    // In a task of its own: what a callback throws is not to be taken for a failure of this promise.
    const answer = (context?: SecureContext) => {
      queueMicrotask(() => {
        callback(null, context);
      });
    };
    joined(name).then(answer, (error: unknown) => {
      failed(asError(error));
      answer();
    });
  };
}

/**
 * An authority that signs without asking anybody: its key is opened now, if need be.
 *
 * @param earlier one whose key is open: the same one's may be encrypted in the meantime.
 */
async function unattended(
  authority: Authority,
  { keys }: Context,
  earlier?: Authority,
): Promise<Authority> {
  const { keeping, folder = '' } = authority;
  assertNotSealed(keeping, folder);
  if (keeping.way === 'ssh-agent')
    throw new DevcertError('refused', 'its key is in an SSH agent, which may ask for each name', {
      hint: say`use a CA whose key is a file: ${{ ca: 'NAME' }}`,
    });
  if (keeping.way === 'file') return authority;
  if (earlier?.issuer.fingerprint256 === authority.issuer.fingerprint256) return earlier;
  if (earlier !== undefined)
    throw new DevcertError('refused', 'the CA was replaced by one whose key nobody has opened', {
      hint: 'start the server anew',
    });
  const signer = keySigner(await authority.privateKey(keys));
  return { ...authority, signer: () => signer };
}

async function isAllowed(allow: (name: string) => unknown, name: string): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new DevcertError('refused', `"allow" did not answer for "${name}" in time`));
    }, ALLOW_MS);
  });
  try {
    // True alone: what is not a boolean is a slip in a program, and a name is not signed for by a slip.
    return (await Promise.race([allow(name), late])) === true;
  } finally {
    clearTimeout(timer);
  }
}

function notAllowed(name: string): DevcertError {
  return new DevcertError('refused', `no certificate is made for "${name}": it is not allowed`);
}

function isValid({ notBefore, notAfter }: SignedLeaf, now: Date): boolean {
  return notBefore <= now && now < notAfter;
}
