/** Certificates of every shape, good and bad, made for one test each. */
import { createHash, type KeyObject, sign, X509Certificate } from 'node:crypto';
import type { Constraints } from '../../src/names/constraints.ts';
import { generateKey, publicKeyDer } from '../../src/keys.ts';
import { parseName } from '../../src/names/names.ts';
import {
  bitString,
  boolean,
  contextTag,
  integer,
  nullValue,
  oid,
  sequence,
  time,
} from '../../src/x509/der.ts';
import {
  keyUsage,
  leafConstraints,
  nameConstraints,
  subjectAltName,
} from '../../src/x509/extensions.ts';
import { OID } from '../../src/x509/oids.ts';
import { encodeSubject, type Subject } from '../../src/x509/subject.ts';
import { certificateDetails } from '../../src/x509/details.ts';
import { altNames, DNS, extension } from '../helpers/csr.ts';

export const now = new Date('2026-11-24T12:00:00Z');
const DAY_MS = 86_400_000;

export interface Shape {
  readonly subject?: Subject;
  /** As typed, or raw DNS names where `raw` is set. */
  readonly names?: readonly string[];
  readonly raw?: boolean;
  /** From now; negative: in the past. */
  readonly startDays?: number;
  readonly endDays?: number;
  readonly authority?: boolean;
  /** Dotted. Null: without the extension. */
  readonly purposes?: readonly string[] | null;
  readonly constraints?: Constraints;
  readonly hash?: 'sha256' | 'sha1' | 'md5';
  readonly serial?: number;
  readonly key?: KeyObject;
  /** SubjectPublicKeyInfo instead of the key's own. */
  readonly publicKey?: Buffer;
  readonly more?: readonly Buffer[];
}

export interface Made {
  readonly der: Buffer;
  readonly pem: string;
  readonly key: KeyObject;
  readonly keyPem: string;
  readonly x509: X509Certificate;
  readonly subject: Buffer;
}

const rsa = generateKey('rsa2048');

/** Signed by itself without an issuer. */
export function make(shape: Shape = {}, issuer?: Made): Made {
  const { hash = 'sha256', authority = false } = shape;
  const key = shape.key ?? (hash === 'sha256' ? generateKey('p256') : rsa);
  const subject = encodeSubject(shape.subject ?? { commonName: authority ? 'test root' : 'test' });
  const signer = issuer?.key ?? key;
  const isRsa = signer.asymmetricKeyType === 'rsa';
  const algorithm = isRsa
    ? sequence(oid(rsaAlgorithms[hash]), nullValue())
    : sequence(oid(OID.ecdsaWithSha256));
  const purposes = shape.purposes === undefined ? [OID.serverAuth] : shape.purposes;
  const names = shape.names ?? (authority ? [] : ['localhost']);
  const extensions = [
    authority ? extension(OID.basicConstraints, sequence(boolean(true))) : leafConstraints(),
    ...(authority ? [keyUsage('keyCertSign', 'cRLSign')] : []),
    ...(purposes === null || authority
      ? []
      : [extension(OID.extendedKeyUsage, sequence(...purposes.map((it) => oid(it))))]),
    ...(names.length === 0 ? [] : [sanOf(names, shape.raw === true)]),
    ...(shape.constraints === undefined ? [] : [nameConstraints(shape.constraints)]),
    ...(shape.more ?? []),
  ];
  const serial = createHash('sha256').update(publicKeyDer(key)).digest().subarray(0, 8);
  const tbs = sequence(
    contextTag(0, true, integer(2)),
    integer(shape.serial ?? serial),
    algorithm,
    issuer?.subject ?? subject,
    sequence(time(fromNow(shape.startDays ?? -1)), time(fromNow(shape.endDays ?? 90))),
    subject,
    shape.publicKey ?? publicKeyDer(key),
    contextTag(3, true, sequence(...extensions)),
  );
  const der = sequence(tbs, algorithm, bitString(sign(hash, tbs, signer)));
  const x509 = new X509Certificate(der);
  const keyPem = key.export({ type: 'pkcs8', format: 'pem' }) as string;
  return { der, pem: x509.toString(), key, keyPem, x509, subject };
}

/** Root, issuer and leaf as a good authority makes them. */
export function makeThree(leaf: Shape = {}): { root: Made; issuer: Made; leaf: Made } {
  const root = make({ authority: true, endDays: 3650 });
  const issuer = make(
    { authority: true, endDays: 3000, subject: { organizationalUnit: 'test issuer' } },
    root,
  );
  return { root, issuer, leaf: make(leaf, issuer) };
}

export function detailsOf(made: Made) {
  return certificateDetails(made.x509);
}

const rsaAlgorithms = {
  sha256: OID.sha256WithRsa,
  sha1: '1.2.840.113549.1.1.5',
  md5: '1.2.840.113549.1.1.4',
};

function sanOf(names: readonly string[], raw: boolean): Buffer {
  if (!raw)
    return subjectAltName(
      names.map((name) => parseName(name, { client: true })),
      false,
    );
  return altNames(...names.map((name) => [DNS, name] as const));
}

function fromNow(days: number): Date {
  return new Date(now.getTime() + days * DAY_MS);
}
