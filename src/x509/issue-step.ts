/** The command that makes a certificate in the place of one that was read. Pure. */
import type { Step } from '../errors.ts';
import { type CertificateDetails, isHost } from './details.ts';

/**
 * With its hosts, else its common name, as far as they are plain: nothing else from the certificate is in it.
 * @param most names that are written; `…` stands for the others.
 */
export function issueStep(
  details: Pick<CertificateDetails, 'names' | 'commonName'> | undefined,
  most = 3,
): Step {
  const hosts = (details?.names ?? []).filter(isHost).map(({ value }) => value);
  const plain = (hosts.length > 0 ? hosts : [details?.commonName ?? '']).filter(
    (name) => /^[a-z0-9.:-]{1,60}$/i.test(name) && /^[a-z0-9:]/i.test(name),
  );
  const shown = [...plain.slice(0, most), ...(plain.length > most ? ['…'] : [])];
  return { command: 'issue', names: shown.length === 0 ? 'NAMES…' : shown };
}
