/**
 * Writing DER (X.690), the one home of node-forge. Every function returns the complete DER encoding
 * of one value, so that parts taken unchanged from elsewhere (a subject, a public key) fit in as
 * they are. Reading is in `asn1.ts`.
 */
import asn1 from 'node-forge/lib/asn1.js';

const CONSTRUCTED = 0x20;
const UNIVERSAL = 0x00;
const CONTEXT_SPECIFIC = 0x80;
const { Type } = asn1;

/** SEQUENCE of already encoded values; `undefined` stands for an absent optional one. */
export function sequence(...children: readonly (Buffer | undefined)[]): Buffer {
  return encode(UNIVERSAL, Type.SEQUENCE | CONSTRUCTED, concat(children));
}

/** SET OF already encoded values, put in the order DER asks for (X.690 11.6). */
export function set(...children: readonly Buffer[]): Buffer {
  return encode(
    UNIVERSAL,
    Type.SET | CONSTRUCTED,
    concat([...children].sort((a, b) => Buffer.compare(a, b))),
  );
}

/** OBJECT IDENTIFIER from its dotted form, `2.5.29.17`. */
export function oid(dotted: string): Buffer {
  return encode(UNIVERSAL, Type.OID, binary(asn1.oidToDer(dotted).getBytes()));
}

/** INTEGER: a number of up to 31 bits, or the magnitude of a non-negative one as big-endian bytes. */
export function integer(value: number | Buffer): Buffer {
  const bytes =
    typeof value === 'number'
      ? binary(asn1.integerToDer(value).getBytes())
      : Buffer.concat([Buffer.of(0), value]);
  // Exactly one leading zero where the top bit is set, none otherwise (X.690 8.3.2).
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0 && ((bytes[start + 1] ?? 0) & 0x80) === 0)
    start++;
  return encode(UNIVERSAL, Type.INTEGER, bytes.subarray(start));
}

export function boolean(value: boolean): Buffer {
  return encode(UNIVERSAL, Type.BOOLEAN, Buffer.of(value ? 0xff : 0));
}

export function nullValue(): Buffer {
  return encode(UNIVERSAL, Type.NULL, Buffer.alloc(0));
}

export function octetString(content: Buffer): Buffer {
  return encode(UNIVERSAL, Type.OCTETSTRING, content);
}

/** BIT STRING of whole bytes; `unusedBits` says how many of the last byte do not count. */
export function bitString(content: Buffer, unusedBits = 0): Buffer {
  return encode(UNIVERSAL, Type.BITSTRING, Buffer.concat([Buffer.of(unusedBits), content]));
}

/**
 * BIT STRING of named bits (X.690 11.2.2: no trailing zero bits), such as a keyUsage.
 *
 * @param bits numbers of the bits that are set, 0 being the first.
 */
export function namedBits(bits: readonly number[]): Buffer {
  const last = Math.max(-1, ...bits);
  const content = Buffer.alloc(Math.floor(last / 8) + 1);
  for (const bit of bits) content[bit >> 3] = (content[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return bitString(content, content.length === 0 ? 0 : 7 - (last & 7));
}

export function utf8String(text: string): Buffer {
  return encode(UNIVERSAL, Type.UTF8, Buffer.from(text, 'utf8'));
}

/** PrintableString; the caller keeps to its alphabet (X.680 41.4). */
export function printableString(text: string): Buffer {
  return encode(UNIVERSAL, Type.PRINTABLESTRING, Buffer.from(text, 'latin1'));
}

/** IA5String; the caller keeps to ASCII. */
export function ia5String(text: string): Buffer {
  return encode(UNIVERSAL, Type.IA5STRING, Buffer.from(text, 'latin1'));
}

/** BMPString: UCS-2, big-endian. */
export function bmpString(text: string): Buffer {
  // forge writes two bytes for each character of a BMPString's value.
  return binary(asn1.toDer(asn1.create(UNIVERSAL, Type.BMPSTRING, false, text)).getBytes());
}

/** Validity time: UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280 4.1.2.5). */
export function time(date: Date): Buffer {
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050
    ? encode(UNIVERSAL, Type.UTCTIME, binary(text.slice(2)))
    : encode(UNIVERSAL, Type.GENERALIZEDTIME, binary(text));
}

/**
 * A context-specific tag around `content`: for an explicit or constructed tag `content` is one or
 * more encoded values, for an implicit primitive one it is the bare content bytes.
 */
export function contextTag(number: number, constructed: boolean, content: Buffer): Buffer {
  return encode(CONTEXT_SPECIFIC, number | (constructed ? CONSTRUCTED : 0), content);
}

// Class and constructed bit are passed as part of the type: then forge takes the content as it
// stands. A constructed object would need its children as objects, and a type that merely equals
// INTEGER's or BMPString's number (the tag [2] of a dNSName) would be treated as one.
function encode(tagClass: number, type: number, content: Buffer): Buffer {
  const object = asn1.create(UNIVERSAL, tagClass | type, false, content.toString('latin1'));
  return binary(asn1.toDer(object).getBytes());
}

function concat(children: readonly (Buffer | undefined)[]): Buffer {
  return Buffer.concat(children.filter((child) => child !== undefined));
}

function binary(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
