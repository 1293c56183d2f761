/** Certificates in text, compared without being parsed where that does. */
import { X509Certificate } from 'node:crypto';

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

/**
 * DER of the self-issued authorities whose subject has this organization, each once; what cannot be read is
 * passed over.
 *
 * @param bodies as {@link certificateBodies} gives them.
 */
export function authoritiesIn(bodies: readonly string[], organization: string): Buffer[] {
  return [...new Set(bodies)].flatMap((body) => {
    const der = Buffer.from(body, 'base64');
    // Bundles hold some hundred and fifty others.
    if (!der.includes(organization)) return [];
    try {
      const { ca, subject, issuer } = new X509Certificate(der);
      const isOfIt = subject.split('\n').includes(`O=${organization}`);
      return ca && subject === issuer && isOfIt ? [der] : [];
    } catch {
      return []; // no certificate: nothing to be trusted
    }
  });
}
