/** Distinguished names (RFC 5280 4.1.2.4) as they are read, written by any program. */
import { DevcertError } from '../errors.ts';
import { type Element, fieldsOf } from './asn1.ts';
import { decodeOid, decodeText } from './asn1-values.ts';
import { attributeLabel } from './oids.ts';

/** Attribute types (dotted) and texts of a Name, in order. Texts may hold any character. */
export function attributesOf(name: Element): { type: string; value: string }[] {
  const attributes: { type: string; value: string }[] = [];
  for (const relative of name.children())
    for (const attribute of relative.children()) {
      const fields = fieldsOf(attribute);
      const type = decodeOid(fields.next());
      attributes.push({ type, value: readableText(fields.next()) });
    }
  return attributes;
}

/** A Name on one line, in its own order: `O=Example, CN=leaf`; commas in values have a backslash. */
export function nameText(name: Element): string {
  try {
    return attributesOf(name)
      .map(({ type, value }) => `${attributeLabel(type)}=${value.replace(/[,\\]/g, '\\$&')}`)
      .join(', ');
  } catch (error) {
    if (error instanceof DevcertError) return '(damaged)';
    throw error;
  }
}

function readableText(element: Element): string {
  try {
    return decodeText(element);
  } catch (error) {
    // One odd value, such as a bit string, is no reason to hide the others.
    if (error instanceof DevcertError) return `#${element.raw.toString('hex')}`;
    throw error;
  }
}
