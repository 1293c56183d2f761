/** What bytes hold: by the labels of PEM, and by the first values of DER. */
import { orUndefined } from '../errors.ts';
import { type Element, fieldsOf, readFirst } from '../x509/asn1.ts';

/** `dsa`: OpenSSL's own form of such a key. `pkcs1-public`: RFC 8017 A.1.1. */
export type DerKind =
  | 'certificate'
  | 'csr'
  | 'crl'
  | 'pkcs8'
  | 'encrypted'
  | 'pkcs1'
  | 'sec1'
  | 'dsa'
  | 'spki'
  | 'pkcs1-public'
  | 'pkcs7'
  | 'pkcs12';

/** What a PEM block of this label holds; undefined for what is passed over. */
export function kindOfLabel(label: string): DerKind | undefined {
  return labels[label];
}

/** What the first value in `bytes` is, by the tags in it, and that value alone; undefined for no kind known here. */
export function kindOfDer(bytes: Buffer): { kind: DerKind; der: Buffer } | undefined {
  return orUndefined(() => {
    const element = readFirst(bytes, { ber: true });
    const start = tagsOf(element, 9);
    const known = starts.find(([tags, , whole]) =>
      whole ? start === tags : start.startsWith(tags),
    );
    const kind =
      start === '30 30 03'
        ? kindOfSigned(element)
        : start.startsWith('02 30') && !start.startsWith('02 30 04')
          ? kindOfVersioned(element)
          : known?.[1];
    return kind && { kind, der: element.raw };
  });
}

const labels: Readonly<Record<string, DerKind>> = {
  CERTIFICATE: 'certificate',
  'X509 CERTIFICATE': 'certificate',
  'TRUSTED CERTIFICATE': 'certificate',
  'CERTIFICATE REQUEST': 'csr',
  'NEW CERTIFICATE REQUEST': 'csr',
  'X509 CRL': 'crl',
  'PRIVATE KEY': 'pkcs8',
  'ENCRYPTED PRIVATE KEY': 'encrypted',
  'RSA PRIVATE KEY': 'pkcs1',
  'EC PRIVATE KEY': 'sec1',
  'SM2 PRIVATE KEY': 'sec1',
  'DSA PRIVATE KEY': 'dsa',
  'PUBLIC KEY': 'spki',
  'RSA PUBLIC KEY': 'pkcs1-public',
  PKCS7: 'pkcs7',
  'PKCS #7 SIGNED DATA': 'pkcs7',
  CMS: 'pkcs7',
  PKCS12: 'pkcs12',
};

// The longer one of two that begin alike comes first; the last ones have no more values than these.
const starts: readonly (readonly [tags: string, kind: DerKind, whole?: true])[] = [
  ['02 30 04', 'pkcs8'],
  ['02 02 02 02 02 02', 'dsa', true],
  ['02 02 02', 'pkcs1'],
  ['02 02', 'pkcs1-public', true],
  ['02 04', 'sec1'],
  ['06 a0', 'pkcs7'],
  ['30 03', 'spki', true],
  ['30 04', 'encrypted', true],
];

// Certificates, CSRs and CRLs are alike on the outside: RFC 5280 4.1 and 5.1, RFC 2986 4.
function kindOfSigned(element: Element): DerKind | undefined {
  const tags = tagsOf(fieldsOf(element).next(), 5);
  // A key and a challenge: SPKAC, which `foreign.ts` names.
  if (tags === '30 16') return undefined;
  if (/^(?:02 )?30 30 1[78]/.test(tags)) return 'crl';
  // A serial number is followed by three SEQUENCEs before any other value, a CSR's version by two.
  return /^02 30 30(?: a0|$)/.test(tags) ? 'csr' : 'certificate';
}

// RFC 7292 4: a content by its type. A query for a timestamp (RFC 3161) has a hash there.
function kindOfVersioned(element: Element): DerKind | undefined {
  const fields = fieldsOf(element);
  fields.next();
  return tagsOf(fields.next(), 1) === '06' ? 'pkcs12' : undefined;
}

/** The tags of the first values in one, in hex. */
export function tagsOf(element: Element, most = Infinity): string {
  const tags: string[] = [];
  for (const { tag } of element.children())
    if (tags.push(tag.toString(16).padStart(2, '0')) === most) break;
  return tags.join(' ');
}
