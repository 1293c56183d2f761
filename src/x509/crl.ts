/** Lists of revoked certificates (CRL, RFC 5280 5), read. Writing is in `crl-write.ts`. */
import {
  countChildren,
  contextTagOf,
  type Element,
  fieldsOf,
  readElement,
  TAG,
  unwrap,
} from './asn1.ts';
import { decodeIntegerBytes, decodeTime, decodeWholeBytes } from './asn1-values.ts';
import { nameText } from './distinguished-name.ts';
import { signatureName } from './judge.ts';
import { OID } from './oids.ts';
import { type ExtensionValue, extensionsIn } from './read.ts';

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
  const { issuer, algorithm, thisUpdate, nextUpdate, revoked, extensions } = decodeCrl(der);
  const number = numberIn(extensions);
  return {
    issuer: nameText(issuer),
    thisUpdate,
    nextUpdate,
    revoked: revoked === undefined ? 0 : countChildren(revoked),
    number,
    signature: signatureName(algorithm),
  };
}

/** The frame of a CRL. */
export interface DecodedCrl {
  readonly issuer: Element;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  /** SEQUENCE of what is revoked; undefined: nothing is. */
  readonly revoked: Element | undefined;
  readonly extensions: readonly ExtensionValue[];
  /** AlgorithmIdentifier of its signature, what it is over, and the signature itself. */
  readonly algorithm: Element;
  readonly signed: Buffer;
  readonly signature: Buffer;
}

/** The one reader of a CRL's frame. @throws DevcertError `invalid-input`. */
export function decodeCrl(der: Buffer): DecodedCrl {
  const outer = fieldsOf(readElement(der));
  const signed = outer.next();
  const algorithm = outer.next(TAG.sequence);
  const signature = decodeWholeBytes(outer.next(TAG.bitString));
  const list = fieldsOf(signed);
  list.optional(TAG.integer); // version
  list.next(TAG.sequence); // signature
  const issuer = list.next(TAG.sequence);
  const thisUpdate = decodeTime(list.next());
  const isTime = list.tag === TAG.utcTime || list.tag === TAG.generalizedTime;
  const nextUpdate = isTime ? decodeTime(list.next()) : undefined;
  const revoked = list.optional(TAG.sequence);
  const extensions = list.optional(contextTagOf(0, true));
  return {
    ...{ issuer, thisUpdate, nextUpdate, revoked, algorithm, signature },
    signed: signed.raw,
    extensions: extensions === undefined ? [] : extensionsIn(unwrap(extensions)),
  };
}

function numberIn(extensions: readonly ExtensionValue[]): string | undefined {
  const found = extensions.find(({ type }) => type === OID.crlNumber);
  if (found === undefined) return undefined;
  return decodeIntegerBytes(readElement(found.value)).toString('hex').toUpperCase();
}
