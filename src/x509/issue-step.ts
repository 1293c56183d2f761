/** The command that makes a certificate in the place of one that was read. Pure. */
import type { Step } from '../errors.ts';
import { type CertificateDetails, isHost } from './details.ts';
import type { GeneralName } from './general-names.ts';

/**
 * With its hosts, else its common name, as far as they are plain: nothing else from the certificate is in it.
 * @param most names that are written; `…` stands for the others.
 */
export function issueStep(
  details: Pick<CertificateDetails, 'names' | 'commonName'> | undefined,
  most = 3,
): Step {
  const names = details?.names ?? [];
  const hosts: readonly GeneralName[] = names.some(isHost)
    ? names
    : [{ type: 'dns', value: details?.commonName ?? '' }];
  const shown: string[] = [];
  // No further than it is written: there may be a finding for each of ten thousand names.
  for (const name of hosts) {
    if (!isHost(name) || !isPlain(name.value)) continue;
    shown.push(shown.length < most ? name.value : '…');
    if (shown.length > most) break;
  }
  return { command: 'issue', names: shown.length === 0 ? 'NAMES…' : shown };
}

function isPlain(name: string): boolean {
  return /^[a-z0-9.:-]{1,60}$/i.test(name) && /^[a-z0-9:]/i.test(name);
}
