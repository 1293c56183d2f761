/** What a CSR asks for, read for the policy: its names, checked, and its extensions in words. */
import {
  DevcertError,
  formatText,
  mapSteps,
  orUndefined,
  rewording,
  say,
  worded,
} from '../errors.ts';
import { type Name, parseName } from '../names/names.ts';
import { type Element, fieldsOf, readElement, TAG } from '../x509/asn1.ts';
import { decodeBoolean, decodeOid } from '../x509/asn1-values.ts';
import type { Csr } from '../x509/csr.ts';
import { type GeneralName, generalName } from '../x509/general-names.ts';
import { keyUsageNames } from '../x509/judge.ts';
import { OID, oidName } from '../x509/oids.ts';
import { shownAs } from '../x509/wording.ts';
import type { ExtensionValue } from '../x509/read.ts';
import { MAX_NAMES } from '../policy.ts';

/**
 * The names of its subjectAltName. Those of a form that the certificate cannot have are dropped and listed;
 * one that is wrong in itself is an error.
 *
 * @param client also e-mail addresses and URIs.
 * @param dropped is added to.
 * @throws DevcertError `invalid-name`, `invalid-input`.
 */
export function requestedNames(csr: Csr, client: boolean, dropped: string[]): Name[] {
  const names: Name[] = [];
  const extension = csr.extensions.find(({ type }) => type === OID.subjectAltName);
  if (extension === undefined) return names;
  for (const element of readChildren(extension.value)) {
    if (names.length + dropped.length >= MAX_NAMES)
      throw new DevcertError('invalid-input', `the CSR asks for more than ${MAX_NAMES} names`, {
        hint: 'split them over several certificates',
      });
    const { type, value } = nameOf(element);
    if (type === 'other' || type === 'directory')
      dropped.push(`a name of another form, or damaged (tag ${element.tag & 0x1f})`);
    else if (type === 'ip') names.push(parseName(value));
    else {
      assertAscii(value, type);
      if (!client && type !== 'dns')
        dropped.push(
          worded`${wordFor[type]}: for a client certificate only (${{ client: true }} or ${{ peer: true }})`,
        );
      else names.push(namedAs(type, value));
    }
  }
  return names;
}

/** A line on an extension that is not granted. */
export function describeExtension({ type, value }: ExtensionValue): string {
  try {
    if (type === OID.basicConstraints) {
      const isAuthority = fieldsOf(readElement(value)).optional(TAG.boolean);
      if (isAuthority !== undefined && decodeBoolean(isAuthority))
        return 'CA:TRUE: the certificate can sign no others';
    }
    if (type === OID.extendedKeyUsage) {
      const purposes = readChildren(value).map((purpose) => oidName(decodeOid(purpose)));
      return `extended key usage ${purposes.slice(0, 8).join(', ')}: decided here`;
    }
    if (type === OID.keyUsage)
      return `key usage ${keyUsageNames(readElement(value)).join(', ')}: decided here`;
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    return `extension ${oidName(type)}, which is damaged`;
  }
  return `extension ${oidName(type)}`;
}

const wordFor = { email: 'an e-mail address', uri: 'a URI' } as const;

/** What cannot be read is of no form that a certificate can have. */
function nameOf(element: Element): GeneralName {
  return orUndefined(() => generalName(element, shownAs)) ?? { type: 'other', value: '' };
}

function readChildren(value: Buffer): Element[] {
  const element = readElement(value);
  if (element.tag !== TAG.sequence)
    throw new DevcertError(
      'invalid-input',
      "cannot read the CSR's subjectAltName: it is not a list",
      {
        hint: say`have it made again: ${{ command: 'csr', names: 'NAMES…' }}`,
      },
    );
  return [...element.children()];
}

function assertAscii(text: string, form: 'email' | 'dns' | 'uri'): void {
  if (/[^\0-\x7f]/.test(text))
    throw new DevcertError('invalid-name', `a name of the CSR (${form}) is not ASCII`, {
      hint: say`an international name is written in its A-label form, xn--…: ${{ command: 'csr', names: 'NAMES…' }} does that`,
    });
}

/** The name in this form; an address that stands in a dNSName, as many configurations have it, is an address. */
function namedAs(form: 'email' | 'dns' | 'uri', text: string): Name {
  // It is the CSR's name, and what to type is what makes one.
  const name = rewording(
    () => parseName(text, { client: true }),
    (error) => {
      const hint = mapSteps(DevcertError.hintOf(error) ?? '', (step) =>
        step.command === 'issue' ? { ...step, command: 'csr' } : step,
      );
      const message = `a name of the CSR: ${error.message}`;
      return { message, hint: say`have it made again: ${formatText(hint)}` };
    },
  );
  if (name.type === form || (form === 'dns' && name.type === 'ip')) return name;
  throw new DevcertError('invalid-name', `"${name.value}" is no name of the form ${form}`, {
    hint: say`have the CSR made again: ${{ command: 'csr', names: 'NAMES…' }}`,
  });
}
