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
import { type Constraints, defaultConstraints } from '../../src/constraints.ts';
import { encodePrivateKey, generateKey, keyIdentifier, type KeyType } from '../../src/keys.ts';
import type { Name } from '../../src/names.ts';
import { parseLeafRequest, type LeafOptions } from '../../src/request.ts';
import { signCertificate } from '../../src/x509/certificate.ts';
import { oid, sequence } from '../../src/x509/der.ts';
import {
  authorityKeyIdentifier,
  extendedKeyUsage,
  keyUsage,
  leafConstraints,
  subjectAltName,
  subjectKeyIdentifier,
} from '../../src/x509/extensions.ts';
import { readSubject } from '../../src/x509/read.ts';
import { encodeSubject } from '../../src/x509/subject.ts';

const DAY_MS = 86_400_000;

/** An authority as `install` makes it. @param constraints the default ones if left out; null for none. */
export async function makeAuthority(
  now = new Date(),
  constraints?: Constraints | null,
): Promise<Authority> {
  const chosen =
    constraints === undefined ? await defaultConstraints('engine') : (constraints ?? undefined);
  return readAuthority(createAuthority('ada@engine', chosen, now), 'memory');
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
  readonly names: readonly Name[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** DER of an extendedKeyUsage extension; serverAuth if left out. */
  readonly purpose?: Buffer;
  readonly key?: KeyType;
}

/** A leaf signed with the issuer's key past every check of ours. */
export function forgeLeaf(authority: Authority, forgery: Forgery) {
  const key = generateKey(forgery.key ?? 'p256');
  const certificate = signCertificate(
    {
      issuer: readSubject(authority.issuer.raw),
      subject: encodeSubject({ organization: 'thief' }),
      key,
      notBefore: forgery.notBefore ?? new Date(Date.now() - DAY_MS),
      notAfter: forgery.notAfter ?? new Date(Date.now() + 30 * DAY_MS),
      extensions: [
        leafConstraints(),
        keyUsage('digitalSignature'),
        forgery.purpose ?? extendedKeyUsage('serverAuth'),
        subjectAltName(forgery.names, false),
        subjectKeyIdentifier(keyIdentifier(key)),
        authorityKeyIdentifier(keyIdentifier(authority.issuer.publicKey)),
      ],
    },
    authority.key,
  );
  const x509 = new X509Certificate(certificate);
  return {
    certificate: x509,
    key,
    certPem: x509.toString() + authority.chainPem,
    keyPem: encodePrivateKey(key),
  };
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
