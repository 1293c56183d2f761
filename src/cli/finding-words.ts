/** Findings in words: what is wrong, and what to do about it. Pure. */
import { say, type Step, formatText, type Text } from '../errors.ts';
import type { CertificateDetails } from '../x509/details.ts';
import type { Finding, FindingCode } from '../x509/finding.ts';
import { issueStep } from '../x509/issue-step.ts';
import { counted } from './lines.ts';

/** Without a full stop; the hint is a command to type, or a few words. Both may hold foreign text. */
export interface Wording {
  readonly message: string;
  readonly hint: string;
}

/** @param details the certificate that the finding is about; undefined for one about all of them. */
export function findingWords({ code, what }: Finding, details?: CertificateDetails): Wording {
  const [message, hint] = texts[code](
    {
      text: (key) => String(what[key] ?? ''),
      number: (key) => Number(what[key] ?? 0),
      has: (key) => what[key] !== undefined,
    },
    issueStep(details),
  );
  return { message, hint: formatText(hint) };
}

interface What {
  readonly text: (key: string) => string;
  readonly number: (key: string) => number;
  readonly has: (key: string) => boolean;
}

const PYTHON = 'Python from 3.13 on and OpenSSL with -x509_strict';
const FRESH = 'have it made again by a current tool';

const texts: Readonly<Record<FindingCode, (what: What, issue: Step) => [string, Text]>> = {
  expired: (it, issue) => [
    `it expired ${ago(it.number('days'))}`,
    it.text('role') === 'trusted'
      ? 'take it out: it proves nothing'
      : it.text('role') === 'leaf'
        ? say`issue it again: ${issue}`
        : 'get the current one',
  ],
  'expires-soon': (it, issue) => [
    `it expires ${ahead(it.number('days'))}`,
    say`issue it again: ${issue}`,
  ],
  'not-yet-valid': (it) => [
    `it is valid from ${it.text('from')} on`,
    'wait, or set the clock of the machine that made it or of this one',
  ],
  'too-long': (it, issue) => [
    `it is valid for ${it.text('days')} days, and Apple's systems take ${it.text('most')} at most`,
    say`issue it again: ${issue}`,
  ],
  damaged: (it) => [
    `its ${it.text('part')} cannot be read`,
    'strict programs refuse it: make a new one',
  ],
  'duplicate-extension': (it) => [
    `it holds "${it.text('extension')}" twice: Go and OpenSSL refuse it, and others differ in which they believe`,
    FRESH,
  ],
  'critical-unknown': (it) => [
    `its extension ${it.text('extension')} is critical, and clients do not know it: they refuse the certificate`,
    'have it issued without that extension, or with the extension not critical',
  ],
  'extensions-version': (it) => [
    `it is of version ${it.text('version')} and has extensions, which only version 3 has: OpenSSL with -x509_strict, Go, GnuTLS and Chromium refuse it`,
    FRESH,
  ],
  'negative-serial': () => ['its serial number is negative: Go refuses it', FRESH],
  'signature-mismatch': () => [
    'it names two signature algorithms, one inside and one outside: clients refuse it',
    FRESH,
  ],
  'empty-subject': () => [
    'its subject is empty and its alternative names are not critical: Chromium, Java and Python from 3.13 on refuse it',
    'have it issued with a subject, or with critical alternative names',
  ],
  'no-key-identifier': (it) => [
    `it has no ${it.text('part')}: ${PYTHON} refuse it`,
    'for these have it issued again by a tool that writes key identifiers',
  ],
  'strict-form': (it) => [`it has ${it.text('part')}: ${PYTHON} refuse it`, FRESH],
  'weak-key': (it) => [
    `its key is weak: ${it.text('weakness')}`,
    'make a new key: P-256, or RSA 2048',
  ],
  'unusual-key': (it) => [
    it.text('type') === 'p521'
      ? 'Chromium and others refuse keys of the type p521'
      : 'Chromium and Firefox refuse keys of the type ed25519',
    'use P-256 or RSA 2048',
  ],
  'weak-signature': (it) => [
    `it is signed with ${it.text('signature')}, which can be forged`,
    'have it signed again, with SHA-256',
  ],
  'wrong-signature': (it) => [
    `its signature is not by the certificate "${it.text('issuer')}" that it names as its issuer`,
    'get the right issuer: this one has the name, and another key',
  ],
  'self-signed': (_, issue) => [
    'it is signed by itself: only clients that were told of this very certificate trust it',
    say`have it signed by your CA: ${issue}`,
  ],
  'authority-as-leaf': (_, issue) => [
    'it is for a host and a CA at once: Firefox, NSS and rustls refuse it, and its key can sign others',
    say`issue one that is no CA: ${issue}`,
  ],
  'no-server-purpose': (it, issue) =>
    it.has('purposes')
      ? [
          'it is not for servers (serverAuth): every client refuses it there',
          say`issue one that is: ${issue}`,
        ]
      : [
          "it does not say that it is for servers (serverAuth), which Apple's systems ask for",
          say`issue it again: ${issue}`,
        ],
  'no-client-purpose': (_, issue) => [
    'it is not for clients (clientAuth): servers refuse it',
    say`issue one that is: ${{ ...issue, client: true }}`,
  ],
  'any-purpose': () => [
    'it is for any purpose (anyExtendedKeyUsage): OpenSSL, Firefox and others refuse it',
    'name the purposes: serverAuth, clientAuth',
  ],
  'key-usage': (it, issue) => [
    `its key usage (${it.text('usages')}) has no digitalSignature: Chromium and GnuTLS refuse it`,
    say`issue it again: ${issue}`,
  ],
  'signs-others': (_, issue) => [
    'its key usage lets it sign others (keyCertSign), and it is no CA: OpenSSL and Node refuse it',
    say`issue it again: ${issue}`,
  ],
  'no-names': (it, issue) => [
    `it has no subject alternative names${it.has('name') ? ', and Chromium, Firefox and Go ignore the common name' : ''}`,
    say`issue one with names: ${issue}`,
  ],
  'bad-name': (it, issue) => [
    `"${it.text('name')}" is ${badNames[it.text('why')] ?? badNames.form}: clients do not find the host by it`,
    say`issue one with plain names: ${issue}`,
  ],
  wildcard: (it) => [
    it.text('why') === 'place'
      ? `"${it.text('name')}" has a wildcard that is not its whole first label`
      : `"${it.text('name')}" is a wildcard directly under a top-level name: most programs do not match it`,
    say`name what is meant: ${{ command: 'issue', names: '"*.app.localhost"' }}`,
  ],
  underscore: (it) => [`"${it.text('name')}" has an underscore: Java refuses it`, 'use a hyphen'],
  'name-mismatch': (it) => [
    `it is not for "${it.text('name')}"`,
    say`issue one that is: ${{ command: 'issue', names: it.text('name') }}`,
  ],
  'outside-constraints': (it) => [
    `"${it.text('name')}" is outside what its CA may certify: clients refuse the whole certificate`,
    'take the name out, or have another CA sign it',
  ],
  'common-name-outside': (it) => [
    `its common name "${it.text('name')}" is a host outside what its CA may certify: OpenSSL, Node, Python and Java refuse the certificate`,
    'have it issued with a DNS name beside it, or without the common name',
  ],
  'outlives-issuer': (it) => [
    `its issuer expires first, on ${it.text('until').slice(0, 10)}`,
    'renew the issuer before that day',
  ],
  'issuer-not-authority': (it) => [
    `it is signed by "${it.text('issuer')}", which is no CA`,
    'have it signed by one',
  ],
  'issuer-key-usage': (it) => [
    `it is signed by "${it.text('issuer')}", whose key usage has no keyCertSign: clients refuse it`,
    'have the issuer made again, with keyCertSign',
  ],
  'issuer-purpose': (it) => [
    `it may not certify for what the certificate below is for (${it.text('purpose')}): most clients refuse that one`,
    'have it signed by a CA for it',
  ],
  'issuer-name': (it) => [
    `it writes the name of its issuer "${it.text('issuer')}" in other bytes than that does itself: Go does not find the issuer`,
    'have it signed again: an issuer is named byte for byte as in its own certificate',
  ],
  'path-length': (it) => [
    `it lets ${it.text('limit')} CAs be below it, and there are ${it.text('below')}: clients refuse the chain`,
    'have it made with a longer path length, or leave a CA out',
  ],
  'key-identifier': (it) => [
    `it says that another key than that of "${it.text('issuer')}" signed it: OpenSSL, GnuTLS and Node do not find the issuer`,
    'have it signed again: its authorityKeyIdentifier is that of an older issuer',
  ],
  'same-serial': (it) => [
    `serial number ${it.text('serial')} was used twice by its issuer: Firefox refuses both`,
    'have one of them issued again',
  ],
  'chain-order': () => [
    'the certificates are not in order: leaf first, then who issued it, and so on',
    'put them in that order; strict servers and clients refuse the file',
  ],
  'chain-incomplete': (it) =>
    it.has('own')
      ? [
          'its issuer is missing: clients have the root only, and cannot get from it to this one',
          'use all of cert.pem, leaf and issuer, as devcert writes it',
        ]
      : [
          "it comes alone, and its issuer may not be in the clients' lists",
          'add the certificate of its issuer behind it',
        ],
  'chain-root': () => [
    'the root is in the chain: clients have it or do not trust it',
    'leave it out of what a server sends',
  ],
  'chain-unrelated': (it) => [
    `${it.text('count')} of the certificates ${it.number('count') === 1 ? 'has' : 'have'} no part in the chain`,
    'leave out what did not issue the others',
  ],
};

/** Every code that there is. */
export const findingCodes = Object.keys(texts) as readonly FindingCode[];

const badNames: Readonly<Record<string, string>> & { readonly form: string } = {
  address: 'an IP address written as a DNS name',
  url: 'a URL, not a DNS name',
  port: 'a host with a port, not a DNS name',
  several: 'more than one name in one',
  ascii: 'not in A-labels (xn--…)',
  dot: 'written with a dot at its end',
  form: 'no DNS name',
};

function ago(days: number): string {
  return days === 0 ? 'today' : `${counted(days, 'day')} ago`;
}

function ahead(days: number): string {
  return days === 0 ? 'today' : `in ${counted(days, 'day')}`;
}
