/** What a CSR says, what is wrong with it, and what of it `devcert sign` would not grant. Pure. */
import { grantCsr } from '../certificate/csr-policy.ts';
import { DevcertError, orUndefined } from '../errors.ts';
import { checkedCsr, decodeCsr, type DecodedCsr } from '../x509/csr.ts';
import { extensionDetails, publicKeyDetails } from '../x509/details.ts';
import { algorithmIn, signatureName } from '../x509/judge.ts';
import { OID, oidName } from '../x509/oids.ts';
import { error, warning } from './problems.ts';
import type { InspectedCsr, Problem } from './types.ts';

const AGAIN = 'have it made again';

/** @throws DevcertError `invalid-input` if it cannot even be shown. */
export function inspectCsr(der: Buffer): { csr: InspectedCsr; problems: Problem[] } {
  const csr = decodeCsr(der);
  const damaged: string[] = [];
  const { names } = extensionDetails(csr.extensions, damaged);
  const problems: Problem[] = [
    ...damaged.map((part) =>
      error('damaged', `the ${part} that it asks for cannot be read`, AGAIN),
    ),
    ...csr.problems.map(({ code, message, hint }) =>
      error(code === 'weak-key' ? code : 'damaged', message, hint ?? AGAIN),
    ),
  ];
  // What is not as it should be is told above, and nobody signs it.
  const isSound = csr.problems.length === 0;
  const checked = orUndefined(
    () => (isSound ? checkedCsr(csr) : undefined),
    (refusal) => {
      const { message, hint = AGAIN } = DevcertError.typed(refusal);
      const code = refusal.code === 'weak-key' ? 'weak-signature' : 'wrong-signature';
      problems.push(error(code, message, hint));
    },
  );
  const { publicKey } = csr;
  const granted = orUndefined(
    () =>
      isSound && publicKey !== undefined
        ? grantCsr({ ...csr, publicKey }, { client: isForClient(csr, names) })
        : undefined,
    (refusal) => {
      const { message, hint } = DevcertError.typed(refusal);
      problems.push(
        refusal.code === 'weak-key'
          ? error('weak-key', message, hint ?? 'make a new key')
          : warning('not-granted', message, hint ?? AGAIN),
      );
    },
  );
  return {
    csr: {
      subject: csr.subjectText,
      names,
      key: publicKeyDetails(csr.publicKeyInfo, () => publicKey),
      signature:
        orUndefined(() => signatureName(csr.algorithm)) ?? oidName(algorithmIn(csr.algorithm)),
      isSignatureValid: checked !== undefined,
      dropped: granted?.dropped ?? [],
    },
    problems,
  };
}

// With other names than hosts it can only be meant for a client.
function isForClient(csr: DecodedCsr, names: InspectedCsr['names']): boolean {
  const hasPurposes = csr.extensions.some(({ type }) => type === OID.extendedKeyUsage);
  const purposes = hasPurposes ? extensionDetails(csr.extensions, []).purposes : undefined;
  if (purposes?.includes('serverAuth') === true) return false;
  return (
    purposes?.includes('clientAuth') === true ||
    names.some(({ type }) => type === 'email' || type === 'uri')
  );
}
