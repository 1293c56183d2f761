/** Lists of revoked certificates (CRL, RFC 5280 5), as far as they are told: nobody checks certificates by them here. */
import {
  countChildren,
  contextTagOf,
  type Element,
  fieldsOf,
  readElement,
  TAG,
  unwrap,
} from './asn1.ts';
import { decodeIntegerBytes, decodeOid, decodeTime } from './asn1-values.ts';
import { nameText } from './distinguished-name.ts';
import { OID, oidName } from './oids.ts';
import { extensionsIn } from './read.ts';

/** A CRL, told. Texts stand as they are in it and may hold any character. */
export interface CrlDetails {
  /** Who revokes. */
  readonly issuer: string;
  readonly thisUpdate: Date;
  /** When the next one is due; undefined: nobody says. */
  readonly nextUpdate?: Date;
  /** How many certificates it revokes. */
  readonly revoked: number;
  /** Hex, as OpenSSL writes it. */
  readonly number?: string;
  /** `ecdsaWithSha256`; dotted if not known here. */
  readonly signature: string;
}

/** What the CRL says; its signature is not checked. @throws DevcertError `invalid-input`. */
export function crlDetails(der: Buffer): CrlDetails {
  const outer = fieldsOf(readElement(der));
  const list = fieldsOf(outer.next());
  const signature = oidName(decodeOid(fieldsOf(outer.next(TAG.sequence)).next()));
  list.optional(TAG.integer); // version
  list.next(TAG.sequence); // signature
  const issuer = nameText(list.next(TAG.sequence));
  const thisUpdate = decodeTime(list.next());
  const isTime = list.tag === TAG.utcTime || list.tag === TAG.generalizedTime;
  const nextUpdate = isTime ? decodeTime(list.next()) : undefined;
  const revoked = list.optional(TAG.sequence);
  const number = numberIn(list.optional(contextTagOf(0, true)));
  return {
    issuer,
    thisUpdate,
    ...(nextUpdate === undefined ? {} : { nextUpdate }),
    revoked: revoked === undefined ? 0 : countChildren(revoked),
    ...(number === undefined ? {} : { number }),
    signature,
  };
}

function numberIn(extensions: Element | undefined): string | undefined {
  if (extensions === undefined) return undefined;
  const found = extensionsIn(unwrap(extensions)).find(({ type }) => type === OID.crlNumber);
  if (found === undefined) return undefined;
  return decodeIntegerBytes(readElement(found.value)).toString('hex').toUpperCase();
}
