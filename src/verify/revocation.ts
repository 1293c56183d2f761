/** Certificates of a path against lists of revoked ones that somebody handed in (RFC 5280 6.3.3). Pure. */
import type { X509Certificate } from 'node:crypto';
import { say, orUndefined } from '../errors.ts';
import { fieldsOf } from '../x509/asn1.ts';
import { decodeTime } from '../x509/asn1-values.ts';
import { type DecodedCrl, decodeCrl } from '../x509/crl.ts';
import { certificateDetails, titleOf } from '../x509/details.ts';
import { isSignature, strongScheme } from '../x509/judge.ts';
import { issueStep } from '../x509/issue-step.ts';
import { partsOf } from '../x509/read.ts';
import { MOST_NAMES, problem } from './problem.ts';
import type { VerifyProblem } from './types.ts';

/**
 * What is revoked of a path, by lists of those who issued it. Fail-closed for the leaf: without a list of its issuer
 * that is signed, in date and for all certificates, nobody knows.
 *
 * @param path leaf first, root last.
 * @param crls DER.
 */
export function revocationProblems(
  path: readonly X509Certificate[],
  crls: readonly Buffer[],
  at: Date,
): VerifyProblem[] {
  const [leaf] = path;
  // What cannot be read says nothing that could be believed.
  const lists = crls.flatMap((der) => orUndefined(() => decodeCrl(der)) ?? []);
  return path.slice(0, -1).flatMap((own, index) => {
    const issuer = path[index + 1];
    if (issuer === undefined || leaf === undefined) return [];
    const usable = lists.filter((list) => isUsable(list, issuer, at));
    if (usable.length === 0 && index === 0)
      return [
        problem(
          'revocation-unknown',
          'no list of revoked certificates that was given is of its issuer, signed, and in date',
          say`give its CA's list: ${{ crl: 'FILE' }}`,
        ),
      ];
    const when = usable.map((list) => revokedAt(list, own)).find((it) => it !== undefined);
    if (when === undefined) return [];
    const whose = index === 0 ? '' : `"${titleOf(certificateDetails(own))}": `;
    return [
      problem(
        'revoked',
        `${whose}its CA revoked it on ${when.toISOString().slice(0, 10)}`,
        say`issue another one: ${issueStep(certificateDetails(leaf), MOST_NAMES)}, and restart the server`,
      ),
    ];
  });
}

function isUsable(list: DecodedCrl, issuer: X509Certificate, at: Date): boolean {
  const { algorithm, signed, signature, thisUpdate, nextUpdate, extensions } = list;
  if (!list.issuer.raw.equals(partsOf(issuer.raw).subject.raw)) return false;
  if (thisUpdate > at || nextUpdate === undefined || nextUpdate < at) return false;
  // 5.2: one that is for a part of the certificates, or changes another list, says so critically.
  if (extensions.some(({ critical }) => critical)) return false;
  if (certificateDetails(issuer).keyUsages?.includes('cRLSign') === false) return false;
  const scheme = strongScheme(algorithm);
  return scheme !== undefined && isSignature(scheme, signed, issuer.publicKey, signature);
}

/** When the certificate was revoked; undefined: it was not. */
function revokedAt({ revoked }: DecodedCrl, certificate: X509Certificate): Date | undefined {
  const serial = partsOf(certificate.raw).serial.raw;
  for (const entry of revoked?.children(Infinity) ?? []) {
    const fields = fieldsOf(entry);
    if (fields.next().raw.equals(serial)) return decodeTime(fields.next());
  }
  return undefined;
}
