/**
 * The public suffix list, from `tldts`. It is large: loaded at the first question, so that issuing
 * a certificate never pays for it.
 */
import type { Ownership } from './constraints.ts';
import { isBelowTopLevel } from './top-level.ts';

/** Who owns which domain, by both sections of the list. */
export interface Suffixes extends Ownership {
  /** {@link isPublicSuffix} for the list's ICANN section alone: nobody but a registry has names directly below (`com`, `co.uk`). */
  isRegistry(domain: string): boolean;
}

/** The list, loaded. */
export async function loadSuffixes(): Promise<Suffixes> {
  // tldts is CommonJS here: bundled as a chunk of its own it has no named exports.
  const { default: tldts } = await import('tldts');
  const lookUp = (domain: string) =>
    tldts.parse(domain, { allowPrivateDomains: true, extractHostname: false });
  return {
    isPublicSuffix(domain) {
      const { publicSuffix, isIcann, isPrivate } = lookUp(domain);
      if (publicSuffix !== domain) return false;
      // Of South Africa the list has the second level alone.
      return isIcann === true || isPrivate === true || isBelowTopLevel(domain);
    },
    isRegistry(domain) {
      const { publicSuffix, isIcann } = lookUp(domain);
      return publicSuffix === domain && isIcann === true;
    },
    registrableDomain: (domain) => lookUp(domain).domain ?? undefined,
    hasPublicDomain: (domain) => lookUp(domain).domain !== null && isBelowTopLevel(domain),
  };
}
