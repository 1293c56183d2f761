/** What a CSR says, what is wrong with it, and what of it `devcert sign` would not grant. Pure. */
import { grantCsr } from '../certificate/csr-policy.ts';
import { DevcertError, type ErrorCode, orUndefined } from '../errors.ts';
import { decodeCsr, type DecodedCsr, readCsr } from '../x509/csr.ts';
import { extensionDetails, publicKeyDetails } from '../x509/details.ts';
import { algorithmIn, signatureName } from '../x509/judge.ts';
import { OID, oidName } from '../x509/oids.ts';
import { error, warning } from './problems.ts';
import type { InspectedCsr, Problem } from './types.ts';

/** @throws DevcertError `invalid-input` if it cannot even be shown. */
export function inspectCsr(der: Buffer): { csr: InspectedCsr; problems: Problem[] } {
  const csr = decodeCsr(der);
  const damaged: string[] = [];
  const { names } = extensionDetails(csr.extensions, damaged);
  const problems: Problem[] = [
    ...damaged.map((part) =>
      error('damaged', `the ${part} that it asks for cannot be read`, 'have it made again'),
    ),
    ...csr.problems.map(({ code, message, hint }) =>
      error(code === 'weak-key' ? code : 'damaged', message, hint ?? 'have it made again'),
    ),
  ];
  // What is not as it should be is told above, and nobody signs it.
  const isSound = csr.problems.length === 0;
  const isSignatureValid = readOrReport(
    () => (isSound ? readCsr(der) : undefined),
    (refusal) => {
      const code = refusal.code === 'weak-key' ? 'weak-signature' : 'wrong-signature';
      problems.push(error(code, refusal.message, refusal.hint ?? 'have it made again'));
    },
  );
  const { publicKey } = csr;
  let dropped: readonly string[] = [];
  readOrReport(
    () => {
      if (isSound && publicKey !== undefined)
        dropped = grantCsr({ ...csr, publicKey }, { client: isForClient(csr, names) }).dropped;
    },
    (refusal) => {
      problems.push(
        refusal.code === 'weak-key'
          ? error('weak-key', refusal.message, refusal.hint ?? 'make a new key')
          : warning('not-granted', refusal.message, refusal.hint ?? 'have it made again'),
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
      isSignatureValid: isSignatureValid !== undefined,
      dropped,
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

/** What `read` gives; undefined, after `refused` was called, for an expected failure. */
/** As the command says it, as all that is found. */
interface Refusal extends ReturnType<typeof DevcertError.typed> {
  readonly code: ErrorCode;
}

function readOrReport<T>(read: () => T, refused: (why: Refusal) => void): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    refused({ code: error.code, ...DevcertError.typed(error) });
    return undefined;
  }
}
