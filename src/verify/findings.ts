/** What the judge of chains finds, as problems with a cause and a cure. Pure. */
import { say, type Text } from '../errors.ts';
import type { CertificateDetails } from '../x509/details.ts';
import type { Finding, FindingCode } from '../x509/finding.ts';
import { issueStep } from '../x509/issue-step.ts';
import { MOST_NAMES } from './problem.ts';
import { problem } from './problem.ts';
import type { StepName, VerifyCode, VerifyProblem } from './types.ts';

type Words = (
  what: Finding['what'],
  own: CertificateDetails,
) => {
  readonly code: VerifyCode;
  readonly step: StepName;
  readonly message: string;
  readonly fix?: Text;
};

/**
 * The finding, told.
 *
 * @param own the certificate that it is about.
 * @param leaf the one whose names tell what to issue in its place.
 */
export function verifyProblem(
  { code, what }: Finding,
  own: CertificateDetails,
  leaf: CertificateDetails,
): VerifyProblem {
  const told = (words[code] ?? other(code))(what, own);
  const isLeaf = own.sha256 === leaf.sha256;
  const whose = isLeaf ? '' : `"${own.label ?? own.subject}": `;
  const again = say`issue it again: ${issueStep(leaf, MOST_NAMES)}, and restart the server`;
  const renewed = say`have its CA issue "${own.label ?? own.subject}" again, or use another one: ${issueStep(leaf, MOST_NAMES)}`;
  return problem(
    told.code,
    told.step,
    `${whose}${told.message}`,
    told.fix ?? (isLeaf ? again : renewed),
  );
}

const words: Partial<Record<FindingCode, Words>> = {
  expired: ({ until }) => ({
    code: 'expired',
    step: 'dates',
    message: `it expired on ${String(until).slice(0, 10)}`,
  }),
  'not-yet-valid': ({ from }) => ({
    code: 'not-yet-valid',
    step: 'dates',
    message: `it is valid from ${String(from).slice(0, 16).replace('T', ' ')} UTC on`,
    fix: 'wait, or set the clock of this machine or of the one that made it',
  }),
  'weak-key': ({ weakness }) => ({
    code: 'weak-key',
    step: 'chain',
    message: `its key is weak: ${String(weakness)}`,
  }),
  'weak-signature': ({ signature }) => ({
    code: 'weak-signature',
    step: 'chain',
    message: `it is signed with ${String(signature)}, which can be forged`,
  }),
  'wrong-signature': ({ issuer }) => ({
    code: 'wrong-signature',
    step: 'chain',
    message: `its signature is not by the key of "${String(issuer)}"`,
  }),
  'outside-constraints': ({ name }) => ({
    code: 'outside-constraints',
    step: 'chain',
    message: `"${String(name)}" is outside what its CA may certify`,
    fix: say`take the name out, or permit it: ${{ command: 'install', permit: 'DOMAIN' }}`,
  }),
  'common-name-outside': ({ name }) => ({
    code: 'outside-constraints',
    step: 'chain',
    message: `its common name "${String(name)}" is outside what its CA may certify`,
  }),
  'critical-unknown': ({ extension }) => ({
    code: 'critical-extension',
    step: 'chain',
    message: `it has a critical extension that is not known here: ${String(extension)}`,
  }),
  damaged: ({ part }) => ({
    code: 'damaged',
    step: part === 'dates' ? 'dates' : 'chain',
    message: `its ${String(part)} cannot be read`,
  }),
  'issuer-not-authority': ({ issuer }) => ({
    code: 'not-an-authority',
    step: 'chain',
    message: `it is signed by "${String(issuer)}", which is no CA`,
    fix: 'have it signed by a CA',
  }),
  'no-server-purpose': ({ purposes }) => ({
    code: 'wrong-purpose',
    step: 'purpose',
    message: `it is not for servers${purposes === undefined ? '' : `, but for: ${String(purposes)}`}`,
  }),
  'no-client-purpose': ({ purposes }) => ({
    code: 'wrong-purpose',
    step: 'purpose',
    message: `it is not for clients${purposes === undefined ? '' : `, but for: ${String(purposes)}`}`,
  }),
  'authority-as-leaf': () => ({
    code: 'wrong-purpose',
    step: 'purpose',
    message: 'it is a CA: Firefox, NSS and rustls refuse it for a host',
  }),
  'issuer-purpose': () => ({
    code: 'wrong-purpose',
    step: 'purpose',
    message: 'its CA is not for this purpose',
  }),
  'key-usage': ({ usages }) => ({
    code: 'wrong-purpose',
    step: 'purpose',
    message: `its key may not sign a handshake (keyUsage: ${String(usages)})`,
  }),
};

/** What has no words of its own here: the letter of RFC 5280. */
function other(finding: FindingCode): Words {
  return (what) => ({
    code: 'against-rfc5280',
    step: 'chain',
    message: `it is not as RFC 5280 has it: ${finding}${Object.keys(what).length === 0 ? '' : ` (${Object.values(what).join(', ')})`}`,
  });
}
