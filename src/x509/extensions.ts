/** Certificate extensions (RFC 5280 4.2.1), each function the DER of one whole Extension. */
import type { Usage } from '../names/usage.ts';
import type { Constraints } from '../names/constraints.ts';
import { networkBytes } from '../names/subtrees.ts';
import { ipBytes } from '../names/ip.ts';
import type { Name } from '../names/names.ts';
import { boolean, contextTag, integer, namedBits, octetString, oid, sequence } from './der.ts';
import { OID } from './oids.ts';

/** Bit numbers of KeyUsage, RFC 5280 4.2.1.3. */
const KEY_USAGE = { digitalSignature: 0, keyEncipherment: 2, keyCertSign: 5, cRLSign: 6 } as const;

export type KeyUsage = keyof typeof KEY_USAGE;

/** Critical basicConstraints of an authority that may have `pathLength` authorities below it (4.2.1.9). */
export function authorityConstraints(pathLength: number): Buffer {
  return extension(OID.basicConstraints, true, sequence(boolean(true), integer(pathLength)));
}

/** Critical basicConstraints of a leaf: an empty sequence, as DER leaves the default FALSE out. */
export function leafConstraints(): Buffer {
  return extension(OID.basicConstraints, true, sequence());
}

/** Critical keyUsage (4.2.1.3). */
export function keyUsage(...usages: readonly KeyUsage[]): Buffer {
  return extension(OID.keyUsage, true, namedBits(usages.map((usage) => KEY_USAGE[usage])));
}

/** extendedKeyUsage (4.2.1.12), not critical: pyca refuses a critical one. */
export function extendedKeyUsage(...usages: readonly Usage[]): Buffer {
  return extension(
    OID.extendedKeyUsage,
    false,
    sequence(...usages.map((usage) => oid(OID[usage]))),
  );
}

/** subjectAltName (4.2.1.6); critical exactly if the subject is empty. */
export function subjectAltName(names: readonly Name[], critical: boolean): Buffer {
  return extension(OID.subjectAltName, critical, sequence(...names.map(generalName)));
}

/** Critical nameConstraints (4.2.1.10) with these subtrees of DNS names and addresses. */
export function nameConstraints({ dns, ip, excluded }: Constraints): Buffer {
  return extension(
    OID.nameConstraints,
    true,
    sequence(
      subtrees(0, dns, ip),
      excluded === undefined ? undefined : subtrees(1, excluded.dns, excluded.ip),
    ),
  );
}

function subtrees(tag: number, dns: readonly string[], ip: readonly string[]): Buffer | undefined {
  const bases = [
    ...dns.map((value) => generalName({ type: 'dns', value })),
    ...ip.map((network) => contextTag(IP_ADDRESS, false, networkBytes(network))),
  ].map((base) => sequence(base));
  // Never an empty list (4.2.1.10: GeneralSubtrees has one at least).
  return bases.length === 0 ? undefined : contextTag(tag, true, Buffer.concat(bases));
}

/** subjectKeyIdentifier (4.2.1.2). */
export function subjectKeyIdentifier(identifier: Buffer): Buffer {
  return extension(OID.subjectKeyIdentifier, false, octetString(identifier));
}

/** authorityKeyIdentifier (4.2.1.1) that names the issuer's key, nothing else. */
export function authorityKeyIdentifier(identifier: Buffer): Buffer {
  return extension(OID.authorityKeyIdentifier, false, sequence(contextTag(0, false, identifier)));
}

/** CRLNumber (5.2.3), not critical. */
export function crlNumber(number: number): Buffer {
  return extension(OID.crlNumber, false, integer(number));
}

function extension(type: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(type), critical ? boolean(true) : undefined, octetString(value));
}

/** The tags of GeneralName (4.2.1.6) that hold text: rfc822Name, dNSName, uniformResourceIdentifier. */
const TEXT_TAGS = { email: 1, dns: 2, uri: 6 } as const;

function generalName({ type, value }: Name): Buffer {
  return type === 'ip'
    ? contextTag(IP_ADDRESS, false, ipBytes(value))
    : contextTag(TEXT_TAGS[type], false, Buffer.from(value, 'latin1'));
}

const IP_ADDRESS = 7;
