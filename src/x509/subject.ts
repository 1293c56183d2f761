/** Distinguished names as devcert writes them. */
import { oid, sequence, set, utf8String } from './der.ts';
import { OID } from './oids.ts';

/** The attributes of a subject, in the order they are written; absent ones are left out. */
export interface Subject {
  readonly organization?: string;
  readonly organizationalUnit?: string;
  readonly commonName?: string;
}

/** RFC 5280 appendix A.1: ub-organization-name, ub-organizational-unit-name, ub-common-name. */
export const MAX_ATTRIBUTE_CHARACTERS = 64;

/** DER of a Name (RFC 5280 4.1.2.4), every value a UTF8String of at most 64 characters: longer ones are cut. */
export function encodeSubject(subject: Subject): Buffer {
  return sequence(
    attribute(OID.organization, subject.organization),
    attribute(OID.organizationalUnit, subject.organizationalUnit),
    attribute(OID.commonName, subject.commonName),
  );
}

function attribute(type: string, value: string | undefined): Buffer | undefined {
  if (value === undefined) return undefined;
  const text = Array.from(value).slice(0, MAX_ATTRIBUTE_CHARACTERS).join('');
  return set(sequence(oid(type), utf8String(text)));
}
