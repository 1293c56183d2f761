/**
 * Reading DER (X.690), strictly and lazily: nothing is decoded before it is asked for, nothing is
 * recursed into, and no length is believed before the bytes are seen to be there. Every function
 * throws `invalid-input` for what it cannot read. Writing is in `der.ts`.
 */
import { DevcertError } from '../errors.ts';

/** Whole identifier octets: class, constructed bit and number. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Deeper nesting is refused; a certificate needs about ten levels. */
export const MAX_DEPTH = 32;

/** More values than this in one SEQUENCE or SET are refused. */
export const MAX_CHILDREN = 10_000;

const CONSTRUCTED = 0x20;
const CONTEXT_SPECIFIC = 0x80;

/** The identifier octet of a context-specific tag; `number` is 0 to 30. */
export function contextTagOf(number: number, constructed: boolean): number {
  return CONTEXT_SPECIFIC | (constructed ? CONSTRUCTED : 0) | number;
}

/** How the bytes are read. */
export interface ReadOptions {
  /**
   * Also takes the indefinite and non-minimal lengths and the octet strings in pieces of BER, which
   * key stores written by Windows, macOS and Java's providers hold. Never for what is signed.
   */
  readonly ber?: boolean;
}

/** One value and its place. The bytes are views of the input, not copies. */
export class Element {
  /** The identifier octet; see {@link TAG} and {@link contextTagOf}. */
  readonly tag: number;
  /** True if it was read with the leniency of BER. */
  readonly ber: boolean;
  readonly #bytes: Buffer;
  readonly #span: Span;
  readonly #depth: number;

  constructor(bytes: Buffer, span: Span, depth: number, ber: boolean) {
    this.tag = span.tag;
    this.#bytes = bytes;
    this.#span = span;
    this.#depth = depth;
    this.ber = ber;
  }

  /** The content octets. */
  get content(): Buffer {
    return this.#bytes.subarray(this.#span.contentStart, this.#span.contentEnd);
  }

  /** The whole encoding, with tag and length. */
  get raw(): Buffer {
    return this.#bytes.subarray(this.#span.start, this.#span.end);
  }

  /** The values in a constructed one, each read when its turn comes. @param most only lists that may be long need more. */
  *children(most = MAX_CHILDREN): Generator<Element, void, undefined> {
    if ((this.tag & CONSTRUCTED) === 0) throw unreadable('a value in one piece where parts belong');
    if (this.#depth >= MAX_DEPTH) throw unreadable(`more than ${MAX_DEPTH} levels of nesting`);
    let at = this.#span.contentStart;
    for (let count = 1; at < this.#span.contentEnd; count++) {
      if (count > most) throw unreadable(`more than ${most} values in one`);
      const span = readSpan(this.#bytes, at, this.#span.contentEnd, this.ber);
      yield new Element(this.#bytes, span, this.#depth + 1, this.ber);
      at = span.end;
    }
  }
}

/** The values of one SEQUENCE, taken in their order; end with {@link Fields.end}. */
export class Fields {
  readonly #values: Iterator<Element, void, undefined>;
  #next: Element | undefined;

  constructor(parent: Element) {
    this.#values = parent.children();
    this.#advance();
  }

  /** The tag of what comes next, or undefined at the end. */
  get tag(): number | undefined {
    return this.#next?.tag;
  }

  /** The next value, which has this tag, or any if none is given. */
  next(tag?: number): Element {
    const element = this.#next;
    if (element === undefined) throw unreadable('a value is missing');
    if (tag !== undefined) expectTag(element, tag);
    this.#advance();
    return element;
  }

  /** The next value if it has this tag: OPTIONAL and DEFAULT. */
  optional(tag: number): Element | undefined {
    return this.#next?.tag === tag ? this.next() : undefined;
  }

  /** Throws if anything is left. */
  end(): void {
    if (this.#next !== undefined) throw unreadable('more values than belong there');
  }

  #advance(): void {
    const result = this.#values.next();
    this.#next = result.done === true ? undefined : result.value;
  }
}

/** The one value that `bytes` holds; bytes after it are refused. */
export function readElement(bytes: Buffer, options: ReadOptions = {}): Element {
  const element = readFirst(bytes, options);
  if (element.raw.length !== bytes.length) throw unreadable('bytes after the end');
  return element;
}

/** The first value in `bytes`, whatever comes after. */
export function readFirst(bytes: Buffer, options: ReadOptions = {}): Element {
  const ber = options.ber === true;
  return new Element(bytes, readSpan(bytes, 0, bytes.length, ber), 0, ber);
}

/** The fields of a value that must have this tag. @param tag SEQUENCE if left out. */
export function fieldsOf(element: Element, tag: number = TAG.sequence): Fields {
  expectTag(element, tag);
  return new Fields(element);
}

/** How many values are in a constructed one, without the limit on what is looked at: lists of revoked ones are long. */
export function countChildren(element: Element): number {
  const { content, ber } = element;
  let count = 0;
  for (let at = 0; at < content.length; count++)
    at = readSpan(content, at, content.length, ber).end;
  return count;
}

/** The one value inside an EXPLICIT tag. */
export function unwrap(element: Element): Element {
  const fields = new Fields(element);
  const inner = fields.next();
  fields.end();
  return inner;
}

/** Throws unless the value has this tag. */
export function expectTag(element: Element, tag: number): void {
  if (element.tag !== tag)
    throw unreadable(`tag 0x${element.tag.toString(16)} where 0x${tag.toString(16)} belongs`);
}

/** The error for bytes that are not what they should be; `problem` says what was met. */
export function unreadable(problem: string, cause?: unknown): DevcertError {
  return new DevcertError('invalid-input', `cannot read the ASN.1 data: ${problem}`, {
    hint: 'check that the file is complete and of the kind that is expected here',
    cause,
  });
}

interface Span {
  readonly tag: number;
  readonly start: number;
  readonly contentStart: number;
  readonly contentEnd: number;
  readonly end: number;
}

function readSpan(bytes: Buffer, start: number, limit: number, ber: boolean): Span {
  const { tag, contentStart, length } = readHeader(bytes, start, limit, ber);
  if (tag === 0) throw unreadable('tag 0, which is no value');
  if (length === undefined) {
    const contentEnd = findEndOfContents(bytes, contentStart, limit);
    return { tag, start, contentStart, contentEnd, end: contentEnd + 2 };
  }
  const contentEnd = contentStart + length;
  return { tag, start, contentStart, contentEnd, end: contentEnd };
}

/** X.690 8.1.2 and 8.1.3; `length` is undefined for the indefinite form. */
function readHeader(
  bytes: Buffer,
  start: number,
  limit: number,
  ber: boolean,
): { tag: number; contentStart: number; length: number | undefined } {
  const tag = byteAt(bytes, start, limit);
  if ((tag & 0x1f) === 0x1f) throw unreadable('a tag number above 30');
  const first = byteAt(bytes, start + 1, limit);
  let contentStart = start + 2;
  let length = first;
  if (first === 0x80) {
    if (!ber || (tag & CONSTRUCTED) === 0) throw unreadable('an indefinite length');
    return { tag, contentStart, length: undefined };
  }
  if (first > 0x80) {
    const count = first & 0x7f;
    if (count > 4) throw unreadable('a length of more than four bytes');
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + byteAt(bytes, contentStart + i, limit);
    contentStart += count;
    if (!ber && length < (count === 1 ? 0x80 : 256 ** (count - 1)))
      throw unreadable('a length that is not in its shortest form');
  }
  if (length > limit - contentStart) throw unreadable('a value that is longer than what holds it');
  return { tag, contentStart, length };
}

// Walks over the values of an indefinite length (X.690 8.1.5) with a counter instead of recursion.
function findEndOfContents(bytes: Buffer, start: number, limit: number): number {
  let at = start;
  for (let depth = 1; ;) {
    const { tag, contentStart, length } = readHeader(bytes, at, limit, true);
    if (tag === 0) {
      if (length !== 0 || contentStart !== at + 2) throw unreadable('a damaged end of contents');
      depth--;
      if (depth === 0) return at;
    }
    if (length === undefined) {
      depth++;
      if (depth > MAX_DEPTH) throw unreadable(`more than ${MAX_DEPTH} levels of nesting`);
    }
    at = contentStart + (length ?? 0);
  }
}

function byteAt(bytes: Buffer, at: number, limit: number): number {
  const byte = at < limit ? bytes[at] : undefined;
  if (byte === undefined) throw unreadable('it ends too early');
  return byte;
}
