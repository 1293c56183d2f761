/**
 * What of a CSR is granted: its key, its names, and for a client its common name. Everything else it
 * asks for is dropped, and told.
 */
import type { KeyObject } from 'node:crypto';
import { DevcertError } from '../errors.ts';
import { formatIp } from '../ip.ts';
import { keyTypeOf } from '../keys.ts';
import { parseNames } from '../names.ts';
import { contextTagOf, readElement } from '../x509/asn1.ts';
import { decodeOid } from '../x509/asn1-values.ts';
import type { Csr } from '../x509/csr.ts';
import type { Usage } from '../x509/extensions.ts';
import { OID, oidName } from '../x509/oids.ts';
import type { LeafRequest } from '../request.ts';

/** What a CSR may become. */
export interface GrantedCsr {
  readonly request: Omit<LeafRequest, 'keyType'> & { readonly publicKey: KeyObject };
  /** What was asked for and is not given, one line each. */
  readonly dropped: readonly string[];
}

export interface CsrOptions {
  /** A client certificate: mail addresses, URIs and the common name count, too. */
  readonly client?: boolean;
  readonly validityDays?: number;
}

/**
 * Holds a CSR against the policy. Names are checked for their form here; the authority's constraints are
 * checked where it is signed.
 *
 * @throws DevcertError `weak-key`, `invalid-name`, `invalid-input` if it names nothing.
 */
export function grantCsr(csr: Csr, options: CsrOptions = {}): GrantedCsr {
  const client = options.client === true;
  assertStrongKey(csr.publicKey);
  const dropped: string[] = [];
  const wanted = requestedNames(csr, dropped);
  const commonNames = csr.subject.filter(({ type }) => type === OID.commonName);
  const commonName = commonNames[0]?.value;
  if (wanted.length === 0 && commonName !== undefined && !client) {
    wanted.push(commonName);
    dropped.push(`the common name "${commonName}" became a name: a server's subject names nothing`);
  } else if (commonName !== undefined && !client)
    dropped.push(`common name "${commonName}": a server's names are in its alternative names`);
  for (const { type, value } of csr.subject)
    if (type !== OID.commonName) dropped.push(`subject ${oidName(type)} "${value}"`);
  for (const { type, value } of csr.extensions)
    if (type !== OID.subjectAltName) dropped.push(describeExtension(type, value));
  if (wanted.length === 0)
    throw new DevcertError(
      'invalid-input',
      'the CSR names nothing that a certificate could be for',
      {
        hint: client
          ? 'it needs a mail address, a URI or a DNS name as an alternative name'
          : 'make one with names: devcert csr localhost api.test',
      },
    );
  const usages: Usage[] = client ? ['clientAuth'] : ['serverAuth'];
  return {
    request: {
      names: parseNames(wanted, { client }),
      usages,
      validityDays: options.validityDays,
      publicKey: csr.publicKey,
      ...(client && commonName !== undefined ? { commonName } : {}),
    },
    dropped,
  };
}

/** @throws DevcertError `weak-key` for a key that no certificate should be made for. */
export function assertStrongKey(key: KeyObject): void {
  const type = keyTypeOf(key);
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  const isRsa = key.asymmetricKeyType === 'rsa';
  // An exponent of 1 encrypts nothing, an even one has no inverse.
  const good = isRsa
    ? modulusLength >= 2048 &&
      modulusLength <= 16_384 &&
      publicExponent >= 3n &&
      publicExponent % 2n === 1n
    : ['p256', 'p384', 'p521', 'ed25519'].includes(type);
  if (good) return;
  throw new DevcertError(
    'weak-key',
    `a key of type "${type}" is too weak or not known well enough`,
    {
      hint: 'use P-256 or P-384, or RSA with 2048 bits or more: devcert csr NAMES…',
    },
  );
}

// GeneralName, RFC 5280 4.2.1.6; forms that devcert knows nothing of are dropped.
const RFC822 = contextTagOf(1, false);
const DNS = contextTagOf(2, false);
const URI = contextTagOf(6, false);
const IP = contextTagOf(7, false);
const MAX_NAMES = 100;

function requestedNames(csr: Csr, dropped: string[]): string[] {
  const names: string[] = [];
  for (const { type, value } of csr.extensions) {
    if (type !== OID.subjectAltName) continue;
    for (const name of readElement(value).children()) {
      if (names.length >= MAX_NAMES)
        throw new DevcertError('invalid-input', `the CSR asks for more than ${MAX_NAMES} names`, {
          hint: 'split them over several certificates',
        });
      if (name.tag === DNS || name.tag === RFC822 || name.tag === URI)
        names.push(name.content.toString('latin1'));
      else if (name.tag === IP && [4, 16].includes(name.content.length))
        names.push(formatIp(name.content));
      else dropped.push(`a name of another form (tag ${name.tag & 0x1f})`);
    }
  }
  return names;
}

function describeExtension(type: string, value: Buffer): string {
  if (type === OID.basicConstraints && value.includes(Buffer.from('0101ff', 'hex')))
    return 'CA:TRUE: it may not sign certificates';
  if (type === OID.extendedKeyUsage) {
    const purposes = [...readElement(value).children()].map((purpose) =>
      oidName(decodeOid(purpose)),
    );
    return `extended key usage ${purposes.join(', ')}: it is decided here`;
  }
  return `extension ${oidName(type)}`;
}
