/**
 * Chains as other tools make them, good and bad, each with what `inspect` finds in it and which clients refuse it:
 * measured by test/real/judgements.test.ts. Those whose title begins with a letter and a number are the ones of the
 * report that this table began with.
 */
import { constants, type KeyObject, sign, X509Certificate } from 'node:crypto';
import type { FindingCode } from '../../src/x509/finding.ts';
import { encodePrivateKey, generateKey, keyIdentifier, publicKeyDer } from '../../src/keys.ts';
import type { Constraints } from '../../src/names/constraints.ts';
import {
  bitString,
  boolean,
  contextTag,
  integer,
  namedBits,
  nullValue,
  octetString,
  oid,
  printableString,
  sequence,
  set,
  time,
  utf8String,
} from '../../src/x509/der.ts';
import {
  authorityConstraints,
  authorityKeyIdentifier,
  leafConstraints,
  nameConstraints,
  subjectKeyIdentifier,
} from '../../src/x509/extensions.ts';
import { OID } from '../../src/x509/oids.ts';
import { encodeSubject } from '../../src/x509/subject.ts';
import { altNames, DNS, EMAIL, extension, IP, pssAlgorithm, URI } from '../helpers/csr.ts';
import { oddKey } from '../helpers/odd-keys.ts';

/** Who judges: OpenSSL with -x509_strict, Go, GnuTLS, Chromium and Node's own client. */
export type Client = 'openssl' | 'go' | 'gnutls' | 'chromium' | 'node';

export interface JudgedChain {
  readonly title: string;
  /** What a user types to get there. */
  readonly host: string;
  readonly codes: readonly FindingCode[];
  readonly refusedBy: readonly Client[];
  /** Why the two differ. */
  readonly why?: string;
  /** What the server sends, leaf first. */
  readonly chain: readonly Buffer[];
  readonly key: KeyObject;
}

const DAY_MS = 86_400_000;
/** All that judge, in the order of the table. */
export const CLIENTS: readonly Client[] = ['openssl', 'go', 'gnutls', 'chromium', 'node'];

interface Shape {
  readonly subject?: Buffer;
  readonly key?: KeyObject;
  /** Bit numbers; null: without the extension. */
  readonly usage?: readonly number[] | null;
  readonly purposes?: readonly string[] | null;
  readonly names?: Buffer | null;
  /** Basic constraints; left out: no authority. */
  readonly basic?: Buffer;
  readonly more?: readonly Buffer[];
  readonly keyIdentifier?: Buffer;
  readonly days?: number;
  readonly from?: number;
  /** DER of an INTEGER. */
  readonly serial?: Buffer;
  readonly version?: number;
  /** How the issuer is written, and by which algorithm it signs. */
  readonly issuerName?: Buffer;
  readonly algorithm?: Buffer;
  readonly innerAlgorithm?: Buffer;
  readonly hash?: string;
  readonly saltLength?: number;
}

interface Made {
  readonly der: Buffer;
  readonly key: KeyObject;
  readonly subject: Buffer;
}

const cn = (commonName: string) => encodeSubject({ commonName });
const [DIGITAL_SIGNATURE, KEY_ENCIPHERMENT, KEY_CERT_SIGN, CRL_SIGN] = [0, 2, 5, 6];
let count = 0;

function certificate(shape: Shape, issuer?: Made): Made {
  const key = shape.key ?? generateKey('p256');
  const subject = shape.subject ?? cn('www.example.com');
  const signer = issuer?.key ?? key;
  const isRsa = signer.asymmetricKeyType === 'rsa';
  const algorithm =
    shape.algorithm ??
    (isRsa ? sequence(oid(OID.sha256WithRsa), nullValue()) : sequence(oid(OID.ecdsaWithSha256)));
  const {
    usage = shape.basic === undefined ? [DIGITAL_SIGNATURE] : [KEY_CERT_SIGN, CRL_SIGN],
    purposes = shape.basic === undefined ? [OID.serverAuth] : null,
    names = shape.basic === undefined ? altNames([DNS, 'www.example.com']) : null,
  } = shape;
  const extensions = [
    shape.basic ?? leafConstraints(),
    ...(usage === null ? [] : [extension(OID.keyUsage, namedBits(usage), true)]),
    ...(purposes === null
      ? []
      : [extension(OID.extendedKeyUsage, sequence(...purposes.map((it) => oid(it))))]),
    ...(names === null ? [] : [names]),
    subjectKeyIdentifier(keyIdentifier(key)),
    authorityKeyIdentifier(shape.keyIdentifier ?? keyIdentifier(signer)),
    ...(shape.more ?? []),
  ];
  const at = (days: number) => time(new Date(NOW + days * DAY_MS));
  count += 1;
  const tbs = sequence(
    shape.version === 1 ? undefined : contextTag(0, true, integer(shape.version ?? 2)),
    shape.serial ?? integer(Buffer.from([0x40, ...Buffer.from(String(count))])),
    shape.innerAlgorithm ?? algorithm,
    shape.issuerName ?? issuer?.subject ?? subject,
    sequence(at(shape.from ?? -2), at(shape.days ?? 90)),
    subject,
    publicKeyDer(key),
    contextTag(3, true, sequence(...extensions)),
  );
  const { saltLength } = shape;
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const by = saltLength === undefined ? signer : { key: signer, padding, saltLength };
  const der = sequence(tbs, algorithm, bitString(sign(shape.hash ?? 'sha256', tbs, by)));
  return { der, key, subject };
}

// One moment for all: of two made in two seconds the later one would outlive its issuer.
const NOW = Date.now();

/** basicConstraints of an authority without a limit. */
const AUTHORITY = extension(OID.basicConstraints, sequence(boolean(true)), true);

const root = certificate({ subject: cn('Example Root X1'), basic: AUTHORITY, days: 3650 });
const oldRoot = certificate({ subject: cn('Old Root'), basic: AUTHORITY, days: 3650 });
const cross = certificate(
  { subject: cn('Example Root X1'), key: root.key, basic: AUTHORITY, days: 1800 },
  oldRoot,
);
const authority = (shape: Shape = {}, issuer = root) =>
  certificate(
    { subject: cn('Example R3'), basic: authorityConstraints(0), days: 1800, ...shape },
    issuer,
  );
const issuer = authority({
  usage: [DIGITAL_SIGNATURE, KEY_CERT_SIGN, CRL_SIGN],
  purposes: [OID.serverAuth],
});
const rsa = generateKey('rsa2048');
const rsaIssuer = authority({ subject: cn('RSA I'), key: rsa });
const bounded = (constraints: Constraints) => authority({ more: [nameConstraints(constraints)] });
/** Critical nameConstraints that permit one subtree of any form. */
const permitted = (base: Buffer) =>
  authority({
    more: [extension(OID.nameConstraints, sequence(contextTag(0, true, base)), true)],
  });
const DNS_EXAMPLE: Constraints = { dns: ['example.com'], ip: [] };
const SHA256 = '2.16.840.1.101.3.4.2.1';

/** The root that clients trust. */
export const rootDer = root.der;

interface Row {
  readonly leaf?: Shape;
  readonly by?: Made;
  /** Sent above the leaf; the issuer if left out. */
  readonly above?: readonly Made[];
  readonly host?: string;
  readonly codes?: readonly FindingCode[];
  readonly why?: string;
}

/** A certificatePolicies extension whose default is written out, which DER forbids (X.690 11.5). */
const falseCritical = sequence(
  oid('2.5.29.32'),
  boolean(false),
  octetString(sequence(sequence(oid('1.2.3.4')))),
);

const names = (...texts: string[]) => altNames(...texts.map((text) => [DNS, text] as const));
const named = (host: string, ...texts: string[]): Row => ({
  host,
  leaf: { names: names(...texts) },
});

const rows: Readonly<Record<string, Row>> = {
  'a01 as of a public authority': {},
  'a02 an address as a DNS name': { ...named('127.0.0.1', '127.0.0.1'), codes: ['bad-name'] },
  'a03 a URL as a DNS name': { ...named('localhost', 'https://localhost'), codes: ['bad-name'] },
  'a03 a host and port as a DNS name': {
    ...named('localhost', 'localhost:8443'),
    codes: ['bad-name'],
  },
  'a04 two names with a comma': {
    ...named('localhost', 'localhost, api.test'),
    codes: ['bad-name'],
  },
  'a05 keyEncipherment only, EC': { leaf: { usage: [KEY_ENCIPHERMENT] }, codes: ['key-usage'] },
  'a06 keyEncipherment only, RSA': {
    leaf: { usage: [KEY_ENCIPHERMENT], key: rsa },
    codes: ['key-usage'],
  },
  'a07 keyCertSign only': {
    leaf: { usage: [KEY_CERT_SIGN] },
    codes: ['key-usage', 'signs-others'],
  },
  'a08 secp256k1': {
    leaf: { key: oddKey('ec', { namedCurve: 'secp256k1' }) },
    codes: ['weak-key'],
  },
  'a09 brainpool': {
    leaf: { key: oddKey('ec', { namedCurve: 'brainpoolP256r1' }) },
    codes: ['weak-key'],
  },
  'a11 P-521': { leaf: { key: oddKey('ec', { namedCurve: 'P-521' }) }, codes: ['unusual-key'] },
  'a12 Ed25519': { leaf: { key: oddKey('ed25519') }, codes: ['unusual-key'] },
  'a13 a dot at the end': { ...named('www.example.com', 'www.example.com.'), codes: ['bad-name'] },
  'a14 empty subject, critical names': {
    leaf: {
      subject: sequence(),
      names: extension(OID.subjectAltName, sequence(dnsName('www.example.com')), true),
    },
  },
  'a15 empty subject, names not critical': {
    leaf: { subject: sequence() },
    codes: ['empty-subject'],
  },
  'a17 names of every form': {
    leaf: {
      names: extension(
        OID.subjectAltName,
        sequence(
          dnsName('www.example.com'),
          contextTag(7, false, Buffer.from('20010db8000000000000000000000001', 'hex')),
          contextTag(6, false, Buffer.from('spiffe://example.org/a')),
          contextTag(
            0,
            true,
            Buffer.concat([
              oid('1.3.6.1.4.1.311.20.2.3'),
              contextTag(0, true, utf8String('ada@example.com')),
            ]),
          ),
          contextTag(8, false, oid('1.2.3.4').subarray(2)),
        ),
      ),
    },
  },
  'a18 A-labels': named(
    'xn--bcher-kva.example',
    'xn--bcher-kva.example',
    '*.xn--bcher-kva.example',
  ),
  'a19 valid for 40 years': {
    leaf: { days: 365 * 40 },
    codes: ['too-long', 'outlives-issuer'],
    why: "Apple's systems, which are not here, refuse it; nobody looks at which ends first",
  },
  'a20 an issuer without keyCertSign': row(authority({ usage: [DIGITAL_SIGNATURE] }), {
    codes: ['issuer-key-usage'],
  }),
  'a23 cross-signed': { above: [issuer, cross] },
  'a24 cross-signed, both ways': { above: [issuer, cross, root] },
  'a25 inside the constraints': row(bounded(DNS_EXAMPLE)),
  'a26 a constraint with a dot': row(bounded({ dns: ['.example.com'], ip: [] }), {
    leaf: { names: names('example.com') },
    host: 'example.com',
    codes: ['outside-constraints'],
  }),
  'a28 outside URI constraints': row(
    permitted(sequence(contextTag(6, false, Buffer.from('example.com')))),
    {
      leaf: { names: altNames([DNS, 'www.example.com'], [URI, 'https://evil.example.net/']) },
      codes: ['outside-constraints'],
    },
  ),
  'a29 a common name outside': row(bounded(DNS_EXAMPLE), {
    leaf: { subject: cn('www.evil.net'), names: altNames([EMAIL, 'a@example.com']) },
    host: 'www.evil.net',
    codes: ['common-name-outside'],
  }),
  'a31 RSA-PSS': row(rsaIssuer, {
    leaf: { algorithm: pssAlgorithm(SHA256), saltLength: 32 },
  }),
  'a32 RSA-PSS with SHA-1': row(rsaIssuer, {
    leaf: { algorithm: pssAlgorithm(null), saltLength: 20, hash: 'sha1' },
    codes: ['weak-signature'],
  }),
  'a33 a wildcard': named('a.example.com', '*.example.com'),
  'a33 a bare star': { ...named('localhost', '*'), codes: ['wildcard'] },
  'a33 a star in a label': { ...named('www.example.com', 'w*.example.com'), codes: ['wildcard'] },
  'a34 upper case': named('www.example.com', 'WWW.Example.COM'),
  'a35 no names in the extension': {
    leaf: { names: extension(OID.subjectAltName, sequence()) },
    codes: ['no-names'],
  },
  'a36 398 days': { leaf: { days: 396 } },
  'a common name alone': { leaf: { names: null }, codes: ['no-names'] },
  'not ASCII': {
    leaf: { names: altNames([DNS, Buffer.from('bücher.example')]) },
    host: 'xn--bcher-kva.example',
    codes: ['bad-name'],
  },
  'an underscore': {
    ...named('my_app.example.com', 'my_app.example.com'),
    codes: ['underscore'],
    why: 'Java refuses it',
  },
  'an address in its own form': {
    leaf: { names: altNames([IP, Buffer.of(127, 0, 0, 1)]) },
    host: '127.0.0.1',
  },
  'for another host': { host: 'other.example.com', why: 'who asks is not in the file' },
  expired: { leaf: { from: -20, days: -1 }, codes: ['expired'] },
  'not valid yet': { leaf: { from: 1 }, codes: ['not-yet-valid'] },
  'for code': { leaf: { purposes: [OID.codeSigning] }, codes: ['no-server-purpose'] },
  'for any purpose': {
    leaf: { purposes: [OID.anyExtendedKeyUsage] },
    codes: ['any-purpose'],
  },
  'an authority as a leaf': {
    leaf: {
      basic: AUTHORITY,
      usage: [DIGITAL_SIGNATURE, KEY_CERT_SIGN],
      purposes: [OID.serverAuth],
      names: names('www.example.com'),
    },
    codes: ['authority-as-leaf'],
    why: 'Firefox, NSS and rustls refuse it',
  },
  'RSA-PSS key': { leaf: { key: oddKey('rsa-pss', { modulusLength: 2048 }) }, codes: ['weak-key'] },
  'RSA 1024': {
    leaf: { key: oddKey('rsa', { modulusLength: 1024 }) },
    codes: ['weak-key'],
    why: 'it can be factored; Firefox, Java and OpenSSL at security level 2 refuse it',
  },
  'SHA-1': row(rsaIssuer, {
    leaf: { algorithm: sequence(oid('1.2.840.113549.1.1.5'), nullValue()), hash: 'sha1' },
    codes: ['weak-signature'],
  }),
  'a critical extension that nobody knows': {
    leaf: { more: [extension('1.3.6.1.4.1.99999.1', sequence(), true)] },
    codes: ['critical-unknown'],
  },
  'critical written out as false': {
    leaf: { more: [falseCritical] },
    codes: ['damaged'],
  },
  'an extension twice': {
    leaf: { more: [extension(OID.extendedKeyUsage, sequence(oid(OID.serverAuth)))] },
    codes: ['duplicate-extension'],
  },
  'a negative serial number': {
    leaf: { serial: Buffer.of(2, 2, 0x80, 1) },
    codes: ['negative-serial'],
  },
  'a serial number of 21 bytes': { leaf: { serial: integer(Buffer.alloc(21, 1)) } },
  'extensions in version 1': { leaf: { version: 1 }, codes: ['extensions-version'] },
  'two signature algorithms': {
    leaf: { innerAlgorithm: sequence(oid(OID.ecdsaWithSha384)) },
    codes: ['signature-mismatch', 'wrong-signature'],
  },
  'key identifier of another key': {
    leaf: { keyIdentifier: Buffer.alloc(20, 7) },
    codes: ['key-identifier'],
  },
  'the issuer in another string type': row(
    authority({
      subject: sequence(set(sequence(oid(OID.commonName), printableString('Example R3')))),
    }),
    { leaf: { issuerName: cn('Example R3') }, codes: ['issuer-name'] },
  ),
  'an authority too many': deeper(),
  'an issuer for clients only': row(authority({ purposes: [OID.clientAuth] }), {
    codes: ['issuer-purpose'],
  }),
  'an issuer that is no authority': row(certificate({ subject: cn('no CA'), days: 400 }, root), {
    codes: ['issuer-not-authority'],
  }),
  'signed by another key of that name': {
    leaf: {},
    by: authority(),
    above: [issuer],
    codes: ['wrong-signature', 'key-identifier'],
  },
};

/** Who refuses each, as measured: OpenSSL 3.0, Go 1.26, GnuTLS 3.7, Chromium 156, Node 20.20; none where it is not named. */
const ALL = 'openssl go gnutls chromium node';
const refused: Readonly<Record<string, string>> = {
  'a02 an address as a DNS name': ALL,
  'a03 a URL as a DNS name': ALL,
  'a03 a host and port as a DNS name': ALL,
  'a04 two names with a comma': ALL,
  'a05 keyEncipherment only, EC': 'gnutls chromium',
  'a06 keyEncipherment only, RSA': 'gnutls chromium',
  'a07 keyCertSign only': 'openssl gnutls chromium node',
  'a08 secp256k1': 'go gnutls chromium node',
  'a09 brainpool': 'go gnutls chromium node',
  'a11 P-521': 'chromium',
  'a12 Ed25519': 'chromium',
  'a13 a dot at the end': 'openssl go gnutls',
  'a15 empty subject, names not critical': 'openssl chromium',
  'a20 an issuer without keyCertSign': ALL,
  'a26 a constraint with a dot': ALL,
  'a28 outside URI constraints': 'openssl go chromium node',
  'a29 a common name outside': ALL,
  'a32 RSA-PSS with SHA-1': 'go gnutls chromium node',
  'a33 a bare star': ALL,
  'a33 a star in a label': 'go gnutls chromium',
  'a35 no names in the extension': 'openssl go chromium',
  'a common name alone': 'go chromium',
  'not ASCII': ALL,
  'for another host': ALL,
  expired: ALL,
  'not valid yet': ALL,
  'for code': ALL,
  'for any purpose': 'openssl node',
  'RSA-PSS key': 'chromium',
  'SHA-1': 'go gnutls chromium node',
  'a critical extension that nobody knows': ALL,
  'critical written out as false': 'chromium',
  'an extension twice': ALL,
  'a negative serial number': 'go',
  'extensions in version 1': 'openssl go gnutls chromium',
  'two signature algorithms': ALL,
  'key identifier of another key': 'openssl gnutls node',
  'the issuer in another string type': 'go',
  'an authority too many': ALL,
  'an issuer for clients only': ALL,
  'an issuer that is no authority': ALL,
  'signed by another key of that name': ALL,
};

/** All, with the certificates made. */
export const chains: readonly JudgedChain[] = Object.entries(rows).map(([title, it]) => {
  const by = it.by ?? issuer;
  const leaf = certificate(it.leaf ?? {}, by);
  return {
    title,
    host: it.host ?? 'www.example.com',
    codes: it.codes ?? [],
    refusedBy: CLIENTS.filter((client) => refused[title]?.split(' ').includes(client)),
    ...(it.why === undefined ? {} : { why: it.why }),
    chain: [leaf, ...(it.above ?? [by])].map(({ der }) => der),
    key: leaf.key,
  };
});

/** PEM of what a server sends. */
export function pemOf(ders: readonly Buffer[]): string {
  return ders.map((der) => new X509Certificate(der).toString()).join('');
}

/** PKCS#8 PEM of the leaf's key. */
export function keyPemOf({ key }: JudgedChain): string {
  return encodePrivateKey(key);
}

function row(by: Made, more: Row = {}): Row {
  return { by, ...more };
}

/** An authority below one that lets none be below it. */
function deeper(): Row {
  const low = authority({ subject: cn('Example R4'), days: 1700 }, issuer);
  return { by: low, above: [low, issuer], codes: ['path-length'] };
}

function dnsName(text: string): Buffer {
  return contextTag(2, false, Buffer.from(text));
}
