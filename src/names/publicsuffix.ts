/**
 * The public suffix list, from `tldts`. It is large: loaded at the first question, so that issuing
 * a certificate never pays for it.
 */

/**
 * True if anyone may register names below `domain`: a suffix of the list's ICANN or private section
 * (`com`, `co.uk`, `github.io`). False for what the list does not know, such as `localhost` or `corp`.
 * `domain` is canonical, without wildcard.
 */
export async function isPublicSuffix(domain: string): Promise<boolean> {
  const { publicSuffix, isIcann, isPrivate } = await lookUp(domain);
  return publicSuffix === domain && (isIcann === true || isPrivate === true);
}

/** The same for the list's ICANN section alone: nobody but a registry has names directly below (`com`, `co.uk`). */
export async function isRegistry(domain: string): Promise<boolean> {
  const { publicSuffix, isIcann } = await lookUp(domain);
  return publicSuffix === domain && isIcann === true;
}

/**
 * The part of a canonical name that someone registered: `corp.example` for `api.corp.example`.
 * Undefined for a suffix itself and for a single label.
 */
export async function registrableDomain(domain: string): Promise<string | undefined> {
  return (await lookUp(domain)).domain ?? undefined;
}

/**
 * True for a canonical name that somebody can register, or a name below one: `google.com` and
 * `accounts.google.com`, `ada.github.io`. False for a suffix itself, for a single label and below a suffix
 * that the list does not know: `engine.corp`.
 */
export async function hasPublicDomain(name: string): Promise<boolean> {
  const { domain, isIcann, isPrivate } = await lookUp(name);
  return domain !== null && (isIcann === true || isPrivate === true);
}

async function lookUp(domain: string) {
  // tldts is CommonJS here: bundled as a chunk of its own it has no named exports.
  const { default: tldts } = await import('tldts');
  return tldts.parse(domain, { allowPrivateDomains: true, extractHostname: false });
}
