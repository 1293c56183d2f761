/** Certificates in text, compared without being parsed. */

/**
 * The base64 of every certificate in PEM text, in order, without white space: equal to
 * `der.toString('base64')` of the same certificate. Other blocks and everything around them
 * (comments, OpenSSL's `TRUSTED CERTIFICATE`) are passed over.
 */
export function certificateBodies(text: string): string[] {
  const blocks = text.matchAll(
    /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g,
  );
  return Array.from(blocks, ([, body = '']) => body.replace(/\s+/g, ''));
}
