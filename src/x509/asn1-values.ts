/** What an {@link Element} says: the decoders of primitive values, each throwing `invalid-input`. */
import { type Element, expectTag, MAX_DEPTH, TAG, unreadable } from './asn1.ts';

/** An OBJECT IDENTIFIER in its dotted form. */
export function decodeOid(element: Element, tag: number = TAG.oid): string {
  expectTag(element, tag);
  const { content } = element;
  // The longest in use, a UUID below 2.25, has 20 bytes.
  if (content.length === 0 || content.length > 64) throw unreadable('a damaged object identifier');
  const arcs: bigint[] = [];
  let arc = 0n;
  let fresh = true;
  for (const byte of content) {
    if (fresh && byte === 0x80) throw unreadable('an object identifier with padding');
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    fresh = (byte & 0x80) === 0;
    if (fresh) {
      arcs.push(arc);
      arc = 0n;
    }
  }
  if (!fresh) throw unreadable('an object identifier that ends too early');
  const [first = 0n, ...rest] = arcs;
  // X.690 8.19.4: the first two numbers share one.
  const top = first < 80n ? first / 40n : 2n;
  return [top, first - top * 40n, ...rest].join('.');
}

/** The bytes of an INTEGER, two's complement, big-endian, in their shortest form. */
export function decodeIntegerBytes(element: Element, tag: number = TAG.integer): Buffer {
  expectTag(element, tag);
  const { content } = element;
  const [first, second = 0] = content;
  if (first === undefined) throw unreadable('an empty integer');
  const padded = (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);
  if (content.length > 1 && padded) throw unreadable('an integer that is not in its shortest form');
  return content;
}

/** A non-negative INTEGER of up to 31 bits: versions, counts, lengths. */
export function decodeSmallInteger(element: Element, tag: number = TAG.integer): number {
  const bytes = decodeIntegerBytes(element, tag);
  if (bytes.length > 4 || (bytes[0] ?? 0) >= 0x80)
    throw unreadable('a number that is negative or too large');
  return bytes.readUIntBE(0, bytes.length);
}

/** A BOOLEAN: 00 or FF, nothing else (X.690 11.1). */
export function decodeBoolean(element: Element, tag: number = TAG.boolean): boolean {
  expectTag(element, tag);
  const [value] = element.content;
  if (element.content.length !== 1 || (value !== 0 && value !== 0xff))
    throw unreadable('a boolean that is neither true nor false');
  return value === 0xff;
}

/**
 * The bytes of an OCTET STRING; one in pieces (X.690 8.7.3) is put together if it was read as BER.
 *
 * @param tag the tag of the string in one piece: another one for an IMPLICIT string.
 */
export function decodeOctets(element: Element, tag: number = TAG.octetString): Buffer {
  const constructed = 0x20;
  if (element.tag !== (tag | constructed) || !element.ber) {
    expectTag(element, tag);
    return element.content;
  }
  const pieces: Buffer[] = [];
  const open = [element.children()];
  for (let current = open.at(-1); current !== undefined; current = open.at(-1)) {
    const { done, value } = current.next();
    if (done === true) open.pop();
    else if (value.tag === TAG.octetString) pieces.push(value.content);
    else if (value.tag === (TAG.octetString | constructed) && open.length < MAX_DEPTH)
      open.push(value.children());
    else throw unreadable('something else than pieces of an octet string');
  }
  return Buffer.concat(pieces);
}

/** The bytes of a BIT STRING and how many bits of the last one do not count; those are 0 (X.690 11.2). */
export function decodeBits(
  element: Element,
  tag: number = TAG.bitString,
): { bytes: Buffer; unusedBits: number } {
  expectTag(element, tag);
  const [unusedBits = 8] = element.content;
  const bytes = element.content.subarray(1);
  const last = bytes.at(-1);
  if (
    unusedBits > 7 ||
    (last === undefined ? unusedBits > 0 : (last & ((1 << unusedBits) - 1)) > 0)
  )
    throw unreadable('a damaged bit string');
  return { bytes, unusedBits };
}

/** The bytes of a BIT STRING that has whole ones: a signature. */
export function decodeWholeBytes(element: Element): Buffer {
  const { bytes, unusedBits } = decodeBits(element);
  if (unusedBits !== 0) throw unreadable('a signature that is not whole bytes');
  return bytes;
}

/** A UTCTime or GeneralizedTime in the forms of RFC 5280 4.1.2.5: with seconds, in UTC, no fractions. */
export function decodeTime(element: Element): Date {
  const text = element.content.toString('latin1');
  const short = element.tag === TAG.utcTime;
  if (!short) expectTag(element, TAG.generalizedTime);
  const match = (short ? utcTime : generalizedTime).exec(text);
  if (match === null) throw unreadable('a time in another form than YYMMDDHHMMSSZ');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map(Number);
  // RFC 5280 4.1.2.5.1: 50 to 99 are of the last century.
  const fullYear = short ? year + (year < 50 ? 2000 : 1900) : year;
  const date = new Date(Date.UTC(2000, month - 1, day, hour, minute, second));
  // Not given to Date.UTC, which takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(fullYear, month - 1, day);
  const back = [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours()];
  const same = back.join() === [month, day, hour].join() && minute < 60 && second < 60;
  if (!same) throw unreadable('a time that does not exist');
  return date;
}

/** The text of any of the string types of X.520; control characters are left in. */
export function decodeText(element: Element): string {
  const { tag, content } = element;
  switch (tag) {
    case TAG.utf8String:
      return utf8(content);
    case TAG.numericString:
    case TAG.printableString:
    case TAG.ia5String:
    case TAG.visibleString:
      if (content.some((byte) => byte > 0x7f)) throw unreadable('a string that is not ASCII');
      return content.toString('latin1');
    case TAG.teletexString:
      // What everyone takes T.61 for.
      return content.toString('latin1');
    case TAG.bmpString:
      if (content.length % 2 !== 0) throw unreadable('a BMPString of an odd length');
      return Buffer.from(content).swap16().toString('utf16le');
    case TAG.universalString:
      return utf32(content);
    default:
      throw unreadable(`tag 0x${tag.toString(16)} where a string belongs`);
  }
}

const utcTime = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const generalizedTime = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

function utf8(content: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch (error) {
    throw unreadable('a string that is not UTF-8', error);
  }
}

function utf32(content: Buffer): string {
  if (content.length % 4 !== 0) throw unreadable('a damaged UniversalString');
  let text = '';
  for (let at = 0; at < content.length; at += 4) {
    const point = content.readUInt32BE(at);
    if (point > 0x10ffff) throw unreadable('a damaged UniversalString');
    text += String.fromCodePoint(point);
  }
  return text;
}
