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

/** The certificates in a SignedData, DER, in their order. Its signatures, if any, are not looked at. */
export function readPkcs7(bytes: Buffer): Buffer[] {
  const file = fieldsOf(readElement(bytes, { ber: true }));
  const type = decodeOid(file.next());
  if (type !== OID.signedData) throw unreadable(`PKCS#7 content of the type "${type}"`);
  const signed = fieldsOf(unwrap(file.next(contextTagOf(0, true))));
  decodeSmallInteger(signed.next()); // version
  signed.next(TAG.set); // hashes of the signers
  signed.next(TAG.sequence); // what was signed
  const certificates = signed.optional(contextTagOf(0, true));
  const isCertificate = ({ tag }: Element) => tag === TAG.sequence;
  return [...(certificates?.children() ?? [])].filter(isCertificate).map(({ raw }) => raw);
}
