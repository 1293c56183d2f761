/** What the library for tests makes. */
import type { KeyType } from '../keys.ts';
import type { TestFiles, TestLeafFiles } from './files.ts';
import type { BrokenKind } from './kinds.ts';

/** A certificate with its key. `https.createServer(leaf)` takes it as it is. */
export interface TestLeaf {
  /** PKCS#8 PEM. */
  readonly key: string;
  /** PEM: the leaf and what is between it and the root, as a server sends it. */
  readonly cert: string;
  /** Canonical names that are in it. */
  readonly names: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Hex, as `X509Certificate` has it. */
  readonly serialNumber: string;
  /** What is wrong with it; undefined: nothing. */
  readonly broken: BrokenKind | undefined;
  /** `cert.pem`, `key.pem` and `ca.pem` in a temporary folder. Call `close()` when the test is done, or say `using`. */
  files(): TestLeafFiles;
}

export interface TestLeafOptions {
  /** For a client: users (`alice`), mail addresses and URIs are names, too. */
  readonly client?: boolean;
  /** For both a server and a client. */
  readonly peer?: boolean;
  /** Common name of a client or peer; `alice (devcert client)` if left out. */
  readonly cn?: string;
  /** `p256` if left out, which takes a millisecond; RSA takes a hundred and more. */
  readonly key?: KeyType;
  /** Yesterday if left out. */
  readonly notBefore?: Date;
  /** In 30 days if left out. */
  readonly notAfter?: Date;
}

/** DNS names (wildcards, too) and IP addresses; of clients also users, mail addresses and URIs. */
export type TestNames = string | readonly string[];

/** Each function makes a new key and certificate. @throws DevcertError `invalid-name`, `usage`. */
export interface TestCa {
  /** The root, PEM: what the client of a test is to trust, as `ca` of Node's functions. */
  readonly cert: string;
  /** The intermediate that signs, PEM; `cert` of every leaf ends with it. */
  readonly intermediate: string;
  /**
   * PEM of the lists of revoked certificates as of now, the intermediate's and the root's: for `crl` of Node's functions,
   * joined for a file. What was revoked so far is in it.
   */
  readonly crl: string[];
  /** A good one: for a server, or what the options say. */
  leaf(names: TestNames, options?: TestLeafOptions): TestLeaf;
  /** A good one for a client of mutual TLS. */
  client(names: TestNames, options?: TestLeafOptions): TestLeaf;
  /** One that is broken in this way, and in no other. */
  broken(kind: BrokenKind, names: TestNames, options?: TestLeafOptions): TestLeaf;
  expired(names: TestNames, options?: TestLeafOptions): TestLeaf;
  notYetValid(names: TestNames, options?: TestLeafOptions): TestLeaf;
  /** @param names for which it is not: it is for `wrong-name.invalid` (of a client: for `somebody-else`). */
  wrongName(names: TestNames, options?: TestLeafOptions): TestLeaf;
  selfSigned(names: TestNames, options?: TestLeafOptions): TestLeaf;
  unknownAuthority(names: TestNames, options?: TestLeafOptions): TestLeaf;
  missingIssuer(names: TestNames, options?: TestLeafOptions): TestLeaf;
  wrongPurpose(names: TestNames, options?: TestLeafOptions): TestLeaf;
  /** RSA of 1024 bits: a server in Node loads it only with `ciphers: 'DEFAULT@SECLEVEL=0'` in newer versions. */
  weakKey(names: TestNames, options?: TestLeafOptions): TestLeaf;
  /** With SHA-1: a server in Node loads it only with `ciphers: 'DEFAULT@SECLEVEL=0'`. @throws DevcertError `refused` where OpenSSL does not sign it. */
  weakSignature(names: TestNames, options?: TestLeafOptions): TestLeaf;
  /** From now on it is in {@link TestCa.crl}. */
  revoked(names: TestNames, options?: TestLeafOptions): TestLeaf;
  /** Revokes one that this CA issued: from now on it is in {@link TestCa.crl}. */
  revoke(leaf: Pick<TestLeaf, 'serialNumber'>): void;
  /** `ca.pem` alone in a temporary folder, for `NODE_EXTRA_CA_CERTS`, `--cacert` and the like. */
  files(): TestFiles;
}

export interface TestCaOptions {
  /** For the subject of the root, to tell several apart. */
  readonly name?: string;
}
