/** Distinguished names (RFC 5280 4.1.2.4) as they are read, written by any program. */
import { orUndefined } from '../errors.ts';
import { type Element, fieldsOf } from './asn1.ts';
import { decodeOid, decodeText } from './asn1-values.ts';
import { attributeLabel } from './oids.ts';

/** One attribute of a Name: its type, dotted, and its text, which may hold any character. */
export interface Attribute {
  readonly type: string;
  readonly value: string;
}

/** The attributes of a Name, in order. @param text how a value is read: one that is none is shown in hex. */
export function attributesOf(name: Element, text = readableText): Attribute[] {
  return [...name.children()].flatMap((part) => attributesIn(part, text));
}

function attributesIn(relative: Element, text = readableText): Attribute[] {
  return [...relative.children()].map((attribute) => {
    const fields = fieldsOf(attribute);
    return { type: decodeOid(fields.next()), value: text(fields.next()) };
  });
}

/**
 * A Name on one line, in its own order: `O=Example, CN=leaf`; ` + ` between attributes of one part, and a backslash
 * before what could be taken for either. `(damaged)` if it cannot be read.
 */
export function nameText(name: Element): string {
  const textOf = (part: Element) => attributesText(attributesIn(part), ' + ');
  return orUndefined(() => [...name.children()].map(textOf).join(', ')) ?? '(damaged)';
}

/** Attributes as {@link nameText} writes them. */
export function attributesText(attributes: readonly Attribute[], between = ', '): string {
  return attributes
    .map(({ type, value }) => `${attributeLabel(type)}=${value.replace(/[,+\\]/g, '\\$&')}`)
    .join(between);
}

function readableText(element: Element): string {
  // One odd value, such as a bit string, is no reason to hide the others.
  return orUndefined(() => decodeText(element)) ?? `#${element.raw.toString('hex')}`;
}
