/** Reading the certificates of a PKCS#7 file (`.p7b`, `.p7c`: RFC 2315 section 9), which nobody signed. */
import {
  contextTagOf,
  type Element,
  fieldsOf,
  readElement,
  TAG,
  unreadable,
  unwrap,
} from '../x509/asn1.ts';
import { decodeOid, decodeSmallInteger } from '../x509/asn1-values.ts';
import { DevcertError } from '../errors.ts';
import { OID } from './oids.ts';

/** The certificates and CRLs in a SignedData, DER, in their order. Its signatures, if any, are not looked at. */
export function readPkcs7(bytes: Buffer): { certificates: Buffer[]; crls: Buffer[] } {
  const file = fieldsOf(readElement(bytes, { ber: true }));
  const type = decodeOid(file.next());
  if (type !== OID.signedData) throw otherContent(type);
  const signed = fieldsOf(unwrap(file.next(contextTagOf(0, true))));
  decodeSmallInteger(signed.next()); // version
  signed.next(TAG.set); // hashes of the signers
  signed.next(TAG.sequence); // what was signed
  const certificates = sequencesIn(signed.optional(contextTagOf(0, true)));
  return { certificates, crls: sequencesIn(signed.optional(contextTagOf(1, true))) };
}

/** What holds no certificates that could be read. */
function otherContent(type: string): DevcertError {
  const told = contents.get(type);
  if (told === undefined) return unreadable(`PKCS#7 content of the type "${type}"`);
  const [what, hint] = told;
  return new DevcertError('invalid-input', `cannot read ${what}`, { hint });
}

const DECRYPT = 'decrypt it first: openssl cms -decrypt -inform DER -in FILE -inkey KEY';
const SHOW = 'look at it: openssl cms -cmsout -print -inform DER -in FILE';
const contents: ReadonlyMap<string, readonly [what: string, hint: string]> = new Map([
  [OID.data, ['a CMS message that is neither signed nor encrypted', SHOW]],
  [OID.digestedData, ['a CMS message with a hash of what it says (DigestedData)', SHOW]],
  [OID.envelopedData, ['a CMS message that is encrypted for a certificate', DECRYPT]],
  [OID.authEnvelopedData, ['a CMS message that is encrypted for a certificate', DECRYPT]],
  [OID.encryptedData, ['a CMS message that is encrypted with a key (EncryptedData)', SHOW]],
]);

/** Those of another tag are of forms that nobody uses. */
function sequencesIn(set: Element | undefined): Buffer[] {
  return [...(set?.children() ?? [])].flatMap(({ tag, raw }) =>
    tag === TAG.sequence ? [raw] : [],
  );
}
