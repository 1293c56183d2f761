/** A certificate to ask trust stores about, for those that answer about a server's certificate only. */
import type { Probe } from '../../platform/types.ts';
import { ifExpected } from '../errors.ts';
import { parseName } from '../names/names.ts';
import { loadAuthority } from '../authority/folder.ts';

/** Days: it is looked at once, now. */
const VALIDITY_DAYS = 2;

/**
 * A server's certificate of the authority in a folder, in memory; nobody has its key.
 *
 * @param root DER of the root that it is to be asked with.
 * @returns undefined if there is no authority of that root, or it cannot sign: no key, expired, damaged.
 */
export async function makeProbe(
  folder: string,
  root: Buffer,
  now: Date,
): Promise<Probe | undefined> {
  const { signLeaf } = await import('../certificate/issue.ts');
  const { generateKeyPair } = await import('../keys.ts');
  try {
    const authority = await loadAuthority(folder);
    if (!authority.root.raw.equals(root)) return undefined;
    const names = authority.constraints?.dns ?? ['localhost'];
    const name = names.includes('localhost') ? 'localhost' : names[0];
    if (name === undefined) return undefined;
    const request = {
      names: [parseName(name)],
      usages: ['serverAuth' as const],
      validityDays: VALIDITY_DAYS,
      publicKey: generateKeyPair('p256').publicKey,
    };
    const { certificate: leaf } = await signLeaf(authority, request, 'probe', now);
    return { name, chain: [leaf, ...authority.chain.slice(0, -1)].map((it) => it.toString()) };
  } catch (error) {
    ifExpected(error);
    return undefined;
  }
}
