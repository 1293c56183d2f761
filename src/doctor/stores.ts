/** What trust stores say of the root, as findings. */
import { isTrusted } from '../commands/status.ts';
import { EXIT } from '../errors.ts';
import type { StoreReport } from '../trust.ts';
import { finding, type Finding } from './finding.ts';

/**
 * Something that counts exactly if `status` would say that the root is not trusted.
 *
 * @param ca name of the authority; undefined for the default one.
 */
export function storeFindings(reports: readonly StoreReport[], ca: string | undefined): Finding[] {
  const install = { command: 'install', ca } as const;
  if (reports.length === 0)
    return [finding('stores', 'trust', 'there is no trust store on this machine', install)];
  const found = reports.flatMap(({ store, location, state, reason, hint, needed, lacks }) => {
    const where = store.includes(location) ? store : `${store} (${location})`;
    const why = reason === undefined ? '' : `: ${reason}`;
    const cure = hint ?? install;
    if (lacks !== undefined)
      return [finding('stores', 'note', `${where} cannot be changed without ${lacks}${why}`, cure)];
    switch (state) {
      case 'trusted':
        return [];
      case 'absent':
        return [finding('stores', 'trust', `${where} does not trust the root`, install)];
      case 'partial':
        return [finding('stores', 'trust', `${where} does not quite trust it${why}`, cure)];
      case 'unavailable':
        return needed ? [finding('stores', 'trust', `${where} cannot be asked${why}`, cure)] : [];
    }
  });
  const counts = found.some(({ exitCode }) => exitCode !== EXIT.done);
  return counts || isTrusted(reports)
    ? found
    : [...found, finding('stores', 'trust', 'no store here trusts the root', install)];
}
