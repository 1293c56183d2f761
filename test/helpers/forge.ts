/**
 * An authority of ours with what it issues, in memory, and what a thief with the issuer's key would
 * sign: any name, any date, any purpose.
 */
import { X509Certificate } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Authority, readAuthority } from '../../src/authority/authority.ts';
import { createAuthority } from '../../src/authority/create.ts';
import { issueLeaf } from '../../src/certificate/issue.ts';
import { type Constraints, defaultConstraints } from '../../src/names/constraints.ts';
import { encodePrivateKey, generateKey, keyIdentifier, type KeyType } from '../../src/keys.ts';
import { DAY_MS } from '../../src/policy.ts';
import type { Name } from '../../src/names/names.ts';
import { parseLeafRequest, type LeafOptions } from '../../src/names/request.ts';
import { keySigner } from '../../src/signer/key.ts';
import { type Signer as CertificateSigner, signCertificate } from '../../src/x509/certificate.ts';
import { contextTag, octetString, oid, sequence, set, utf8String } from '../../src/x509/der.ts';
import {
  authorityKeyIdentifier,
  extendedKeyUsage,
  keyUsage,
  leafConstraints,
  subjectAltName,
  subjectKeyIdentifier,
} from '../../src/x509/extensions.ts';
import { OID } from '../../src/x509/oids.ts';
import { authorityFields } from '../../src/x509/profiles.ts';
import { readSubject } from '../../src/x509/read.ts';
import { encodeSubject } from '../../src/x509/subject.ts';

/** An authority as `install` makes it. @param constraints the default ones if left out; null for none. */
export async function makeAuthority(
  now = new Date(),
  constraints?: Constraints | null,
): Promise<Authority> {
  const chosen =
    constraints === undefined ? defaultConstraints('engine') : (constraints ?? undefined);
  return readAuthority(await createAuthority('ada@engine', chosen, now), 'memory');
}

/** Issues as `devcert NAMES…` does. */
export async function issueFor(
  authority: Authority,
  names: readonly string[],
  options: LeafOptions = {},
  now = new Date(),
) {
  return issueLeaf(authority, parseLeafRequest(names, options), 'ada@engine', now);
}

export interface Forgery {
  /** Names that devcert knows; left out, there is no SAN unless `san` gives one. */
  readonly names?: readonly Name[];
  /** DER of a subject, as {@link forgeSubject} makes it. */
  readonly subject?: Buffer;
  /** DER of each GeneralName of the SAN, for what `names` cannot say. */
  readonly san?: readonly Buffer[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** DER of an extendedKeyUsage extension; serverAuth if left out. */
  readonly purpose?: Buffer;
  readonly key?: KeyType;
}

/** What signing a forgery takes: our issuer, or an authority that a thief made below it. */
export type Signer = Pick<Authority, 'issuer' | 'signer' | 'chainPem'>;

/** A leaf signed with the issuer's key past every check of ours. */
export async function forgeLeaf(authority: Signer, forgery: Forgery) {
  const key = generateKey(forgery.key ?? 'p256');
  const certificate = await signCertificate(
    {
      issuer: readSubject(authority.issuer.raw),
      subject: forgery.subject ?? encodeSubject({ organization: 'thief' }),
      key,
      notBefore: forgery.notBefore ?? new Date(Date.now() - DAY_MS),
      notAfter: forgery.notAfter ?? new Date(Date.now() + 30 * DAY_MS),
      extensions: [
        leafConstraints(),
        keyUsage('digitalSignature'),
        forgery.purpose ?? extendedKeyUsage('serverAuth'),
        ...(forgery.names === undefined ? [] : [subjectAltName(forgery.names, false)]),
        ...(forgery.san === undefined ? [] : [rawSubjectAltName(forgery.san)]),
        subjectKeyIdentifier(keyIdentifier(key)),
        authorityKeyIdentifier(keyIdentifier(authority.issuer.publicKey)),
      ],
    },
    authority.signer(),
  );
  const x509 = new X509Certificate(certificate);
  return {
    certificate: x509,
    key,
    certPem: x509.toString() + authority.chainPem,
    keyPem: encodePrivateKey(key),
  };
}

/**
 * An authority below ours, signed with the issuer's key although its path length is 0 and without constraints.
 *
 * @param selfIssued true gives it the issuer's own subject: RFC 5280 6.1.4 (l) does not count such a
 *   certificate in a path length.
 */
export async function forgeAuthority(authority: Authority, selfIssued: boolean): Promise<Signer> {
  const subject = readSubject(authority.issuer.raw);
  const made = await plainAuthority(
    subject,
    selfIssued ? subject : encodeSubject({ organization: 'thief' }),
    authority.signer(),
  );
  return { ...made, chainPem: made.issuer.toString() + authority.chainPem };
}

/** A root of somebody else's that may certify everything for every purpose; it signs leaves itself. */
export async function makePlainRoot(): Promise<Signer> {
  const subject = encodeSubject({ organization: 'any purpose' });
  return { ...(await plainAuthority(subject, subject)), chainPem: '' };
}

/** A certificate that may sign others, without constraints and usages; its own signer unless one is given. */
async function plainAuthority(issuer: Buffer, subject: Buffer, above?: CertificateSigner) {
  const own = keySigner(generateKey('p256'));
  const signer = above ?? own;
  const certificate = await signCertificate(
    authorityFields({
      issuedBy: { subject: issuer, keyIdentifier: keyIdentifier(signer.publicKey) },
      subject,
      key: own.publicKey,
      pathLength: 0,
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + 30 * DAY_MS),
    }),
    signer,
  );
  return { issuer: new X509Certificate(certificate), signer: () => own };
}

/** ASN.1 tags of the string types that a common name can have (RFC 5280 4.1.2.4, and IA5String). */
export const STRING_TAGS = {
  utf8: 12,
  printable: 19,
  teletex: 20,
  ia5: 22,
  universal: 28,
  bmp: 30,
};
export type StringType = keyof typeof STRING_TAGS;

/** A common name: its text, and its string type if that is not UTF8String. */
export type CommonName = string | readonly [StringType, string];

/** DER of a Name with these common names, each in a relative name of its own, or all in one. */
export function forgeSubject(names: readonly CommonName[], inOne = false): Buffer {
  const attributes = names.map((name) => {
    const [type, text] = typeof name === 'string' ? (['utf8', name] as const) : name;
    return sequence(
      oid(OID.commonName),
      Buffer.concat([
        Buffer.of(STRING_TAGS[type], encodeText(type, text).length),
        encodeText(type, text),
      ]),
    );
  });
  return inOne ? sequence(set(...attributes)) : sequence(...attributes.map((it) => set(it)));
}

function encodeText(type: StringType, text: string): Buffer {
  if (type === 'utf8') return Buffer.from(text, 'utf8');
  if (type === 'bmp') return Buffer.from(text, 'utf16le').swap16();
  if (type === 'universal')
    return Buffer.from(Array.from(text, (it) => `\u0000\u0000\u0000${it}`).join(''), 'latin1');
  return Buffer.from(text, 'latin1');
}

/** DER of one GeneralName that devcert never writes (RFC 5280 4.2.1.6). */
export const generalNames = {
  /** [2], with any bytes. */
  dns: (text: string) => contextTag(2, false, Buffer.from(text, 'latin1')),
  /** [0], with the type of a Microsoft user principal name. */
  other: (text: string) =>
    contextTag(
      0,
      true,
      Buffer.concat([oid('1.3.6.1.4.1.311.20.2.3'), contextTag(0, true, utf8String(text))]),
    ),
};

function rawSubjectAltName(names: readonly Buffer[]): Buffer {
  return sequence(oid(OID.subjectAltName), octetString(sequence(...names)));
}

/** DER of a non-critical extendedKeyUsage extension with one purpose, by its dotted OID. */
export function purpose(dotted: string): Buffer {
  const value = sequence(oid(dotted));
  return sequence(oid('2.5.29.37'), Buffer.concat([Buffer.from([0x04, value.length]), value]));
}

/** Writes what other programs want as files; returns the paths. */
export function writePair(folder: string, pair: { certPem: string; keyPem: string }, root: string) {
  mkdirSync(folder, { recursive: true });
  const paths = {
    cert: join(folder, 'cert.pem'),
    key: join(folder, 'key.pem'),
    ca: join(folder, 'ca.pem'),
  };
  writeFileSync(paths.cert, pair.certPem);
  writeFileSync(paths.key, pair.keyPem, { mode: 0o600 });
  writeFileSync(paths.ca, root);
  return paths;
}
