/** Why a chain ends with nobody who is trusted, and what cures that. Pure. */
import type { X509Certificate } from 'node:crypto';
import type { AuthorityCertificates } from '../authority/certificates.ts';
import { say } from '../errors.ts';
import { AUTHORITY_ORGANIZATION, TEST_ORGANIZATION } from '../policy.ts';
import { isIssuedBy } from '../x509/judge.ts';
import { certificateDetails } from '../x509/details.ts';
import { issueStep } from '../x509/issue-step.ts';
import { MOST_NAMES, problem } from './problem.ts';
import type { VerifyProblem } from './types.ts';

/** What is known of authorities beside the roots that are asked. */
export interface World {
  /** The default authority and those with names. */
  readonly known: readonly AuthorityCertificates[];
  /** Of authorities of this machine that were replaced. */
  readonly retired: readonly X509Certificate[];
  /** True for a certificate that was issued for this user on this machine, by whichever authority. */
  readonly isIssuedHere: (leaf: X509Certificate) => boolean;
  /** True if the system's roots verify it, which were not asked. */
  readonly systemTrusts: boolean;
  /** Which roots were asked: `devcert`, `system` or a file; and of which authority. */
  readonly asked: { readonly label: string; readonly ca: string };
}

/** Who signed the last certificate that can be followed from the leaf, as far as that can be told. */
export function untrustedCause(sent: readonly X509Certificate[], world: World): VerifyProblem {
  const [leaf] = sent;
  const top = topOf(sent);
  if (leaf === undefined || top === undefined) throw new RangeError('a chain without a leaf');
  const { subject, issuer, isSelfSigned } = certificateDetails(top);
  const signs = (issuer: X509Certificate) => isIssuedBy(top, issuer);
  const again = say`${issueStep(certificateDetails(leaf), MOST_NAMES)}, and restart the server`;

  const own = world.known.find(
    ({ root, issuer }) => signs(issuer) || signs(root) || isSame(top, root),
  );
  if (own !== undefined) return ownCause(own, top, world);
  if (world.retired.some((root) => signs(root) || isSame(top, root)) || world.isIssuedHere(leaf))
    return problem('old-authority', 'it is of a CA of yours that was replaced', again);
  if (isSame(leaf, top) && isSelfSigned)
    return problem(
      'self-signed',
      'the certificate is signed by itself, so no CA vouches for it',
      say`have one issued by yours: ${again}`,
    );
  if (world.systemTrusts)
    return problem(
      'system-authority',
      'it is not of your CA, but of one that this system trusts',
      say`check it against those: ${{ roots: 'system' }}`,
    );
  const who = isSelfSigned ? subject : issuer;
  if (who.includes(`O=${TEST_ORGANIZATION}`) && ['devcert', 'system'].includes(world.asked.label))
    return problem(
      'test-authority',
      `it was made for a test, by a CA that nothing is to trust: ${who}`,
      say`give the root that was made with it: ${{ roots: 'ca.pem' }}; for one that is trusted: ${again}`,
    );
  if (who.includes(`O=${AUTHORITY_ORGANIZATION}`))
    return problem(
      'other-devcert',
      `it is of another CA of devcert, of another machine or deleted: ${who}`,
      again,
    );
  if (/O=mkcert development CA\b/.test(who))
    return problem(
      'mkcert',
      `it is of mkcert, not of your CA: ${who}`,
      say`${again}; or check it against mkcert's: ${{ roots: '"$(mkcert -CAROOT)/rootCA.pem"' }}`,
    );
  if (isInterceptor(who))
    return problem(
      'proxy',
      `a proxy answers in the place of the server: its certificate is of ${who}`,
      'have the host left out of the proxy (NO_PROXY, or the settings of the network), or install the CA of the proxy',
    );
  if (isSelfSigned)
    return problem(
      'unknown-authority',
      `its root is not among the roots that were asked: ${who}`,
      say`to trust it, get it from whoever runs it: ${{ roots: 'FILE' }}; to use your own CA: ${again}`,
    );
  return sent.length === 1 || leaf === top
    ? problem(
        'missing-issuer',
        `the issuer is missing: ${issuer} is neither sent nor among the roots`,
        say`have the server send it behind its own certificate (${CHAIN_SETTINGS})`,
      )
    : problem(
        'unknown-authority',
        `nobody who is trusted vouches for its last certificate: ${issuer}`,
        say`have the server send all up to a root that is trusted, or name that root: ${{ roots: 'FILE' }}`,
      );
}

/** Where servers are told what to send. */
export const CHAIN_SETTINGS =
  'nginx: ssl_certificate with the full chain, Apache: SSLCertificateFile, Node: cert';

/** The leaf, or the last that the others lead to. */
function topOf(sent: readonly X509Certificate[]): X509Certificate | undefined {
  let [top] = sent;
  const left = new Set(sent.slice(1));
  for (let next = top; next !== undefined;) {
    top = next;
    left.delete(next);
    const own = next;
    next = certificateDetails(own).isSelfSigned
      ? undefined
      : [...left].find((it) => isIssuedBy(own, it));
  }
  return top;
}

function ownCause(
  { name, issuer }: AuthorityCertificates,
  top: X509Certificate,
  { asked }: World,
): VerifyProblem {
  if (asked.label !== 'devcert' && name === asked.ca)
    return problem(
      'other-authority',
      `it is of your own CA, which is not among the roots that were asked (${asked.label})`,
      say`leave ${{ roots: asked.label }} out; to have the system trust it: ${{ command: 'install' }}`,
    );
  if (name !== asked.ca)
    return problem(
      'other-authority',
      `it is of your CA "${name}", which was not asked`,
      say`check it against that one: ${{ ca: name }}`,
    );
  return problem(
    'missing-issuer',
    isIssuedBy(top, issuer)
      ? 'the server sends its certificate without the issuer: clients have the root only, and cannot get from it to this one'
      : 'what lies between the certificate and your root is missing',
    say`give the server all of cert.pem, leaf and issuer (${CHAIN_SETTINGS})`,
  );
}

function isSame(one: X509Certificate, other: X509Certificate): boolean {
  return one.raw.equals(other.raw);
}

/** True if the name of an authority, as text, is that of one which answers in the place of servers. */
export function isInterceptor(name: string): boolean {
  return proxies.some((pattern) => pattern.test(name));
}

/** Names in certificates of programs that answer in the place of servers: of companies, and of tools. */
const proxies: readonly RegExp[] = [
  /Zscaler|Netskope|Fortinet|FortiGate|Palo Alto|Blue ?Coat|Symantec SSL|Forcepoint|Websense|Sophos|Cisco Umbrella|McAfee Web|Check ?Point|Barracuda|WatchGuard|SonicWall|iboss|Menlo Security|Cloudflare.*Gateway/i,
  /mitmproxy|Charles Proxy|Fiddler|Burp|PortSwigger|OWASP|Proxyman|Kaspersky|ESET SSL|Avast|AVG Web|Bitdefender|\b(?:proxy|egress|inspection|intercept)/i,
];
