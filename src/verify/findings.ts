/** What the judge of chains finds, as problems with a cause and a cure. Pure. */
import type { X509Certificate } from 'node:crypto';
import { say, type Text } from '../errors.ts';
import { certificateDetails, titleOf } from '../x509/details.ts';
import type { Finding, FindingCode } from '../x509/finding.ts';
import { issueStep } from '../x509/issue-step.ts';
import { MOST_NAMES, problem } from './problem.ts';
import type { StepName, VerifyCode, VerifyProblem } from './types.ts';

/** @returns its code, what is wrong, and a cure and step of its own. */
type Words = (what: Finding['what']) => readonly [VerifyCode, string, Text?, StepName?];

/**
 * The finding, told.
 *
 * @param own the certificate that it is about.
 * @param leaf the one whose names tell what to issue in its place.
 */
export function verifyProblem(
  { code, what }: Finding,
  own: X509Certificate,
  leaf: X509Certificate,
): VerifyProblem {
  const [told, message, fix, step] = (words[code] ?? other(code))(what);
  const isLeaf = own.fingerprint256 === leaf.fingerprint256;
  const title = titleOf(certificateDetails(own));
  const whose = isLeaf ? '' : `"${title}": `;
  const instead = issueStep(certificateDetails(leaf), MOST_NAMES);
  const again = say`issue it again: ${instead}, and restart the server`;
  const renewed = say`have its CA issue "${title}" again, or use another one: ${instead}`;
  const cure = fix ?? (isLeaf ? again : renewed);
  return problem(told, `${whose}${message}`, cure, step && { step });
}

const words: Partial<Record<FindingCode, Words>> = {
  expired: ({ until }) => ['expired', `it expired on ${String(until).slice(0, 10)}`],
  'not-yet-valid': ({ from }) => [
    'not-yet-valid',
    `it is valid from ${String(from).slice(0, 16).replace('T', ' ')} UTC on`,
    'wait, or set the clock of this machine or of the one that made it',
  ],
  'weak-key': ({ weakness }) => ['weak-key', `its key is weak: ${String(weakness)}`],
  'weak-signature': ({ signature }) => [
    'weak-signature',
    `it is signed with ${String(signature)}, which can be forged`,
  ],
  'wrong-signature': ({ issuer }) => [
    'wrong-signature',
    `its signature is not by the key of "${String(issuer)}"`,
  ],
  'outside-constraints': ({ name }) => [
    'outside-constraints',
    `"${String(name)}" is outside what its CA may certify`,
    say`take the name out, or permit it: ${{ command: 'install', permit: 'DOMAIN' }}`,
  ],
  'common-name-outside': ({ name }) => [
    'outside-constraints',
    `its common name "${String(name)}" is outside what its CA may certify`,
  ],
  'critical-unknown': ({ extension }) => [
    'critical-extension',
    `it has a critical extension that is not known here: ${String(extension)}`,
  ],
  damaged: ({ part }) => [
    'damaged',
    `its ${String(part)} cannot be read`,
    undefined,
    part === 'dates' ? 'dates' : 'chain',
  ],
  'issuer-not-authority': ({ issuer }) => [
    'not-an-authority',
    `it is signed by "${String(issuer)}", which is no CA`,
    'have it signed by a CA',
  ],
  'no-server-purpose': ({ purposes }) => [
    'wrong-purpose',
    `it is not for servers${purposes === undefined ? '' : `, but for: ${String(purposes)}`}`,
  ],
  'no-client-purpose': ({ purposes }) => [
    'wrong-purpose',
    `it is not for clients${purposes === undefined ? '' : `, but for: ${String(purposes)}`}`,
  ],
  'authority-as-leaf': () => [
    'wrong-purpose',
    'it is a CA: Firefox, NSS and rustls refuse it for a host',
  ],
  'issuer-purpose': () => ['wrong-purpose', 'its CA is not for this purpose'],
  'key-usage': ({ usages }) => [
    'wrong-purpose',
    `its key may not sign a handshake (keyUsage: ${String(usages)})`,
  ],
};

/** What has no words of its own here: the letter of RFC 5280. */
function other(finding: FindingCode): Words {
  return (what) => [
    'against-rfc5280',
    `it is not as RFC 5280 has it: ${finding}${Object.keys(what).length === 0 ? '' : ` (${Object.values(what).join(', ')})`}`,
  ];
}
