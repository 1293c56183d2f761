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
import { OID } from './oids.ts';

/** The certificates and CRLs in a SignedData, DER, in their order. Its signatures, if any, are not looked at. */
export function readPkcs7(bytes: Buffer): { certificates: Buffer[]; crls: Buffer[] } {
  const file = fieldsOf(readElement(bytes, { ber: true }));
  const type = decodeOid(file.next());
  if (type !== OID.signedData) throw unreadable(`PKCS#7 content of the type "${type}"`);
  const signed = fieldsOf(unwrap(file.next(contextTagOf(0, true))));
  decodeSmallInteger(signed.next()); // version
  signed.next(TAG.set); // hashes of the signers
  signed.next(TAG.sequence); // what was signed
  const certificates = sequencesIn(signed.optional(contextTagOf(0, true)));
  return { certificates, crls: sequencesIn(signed.optional(contextTagOf(1, true))) };
}

/** Those of another tag are of forms that nobody uses. */
function sequencesIn(set: Element | undefined): Buffer[] {
  return [...(set?.children() ?? [])].flatMap(({ tag, raw }) =>
    tag === TAG.sequence ? [raw] : [],
  );
}
