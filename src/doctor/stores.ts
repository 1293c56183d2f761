/** What trust stores say of the root, as findings. */
import { isClientsOnly } from '../authority/summary.ts';
import { findOrphans } from '../commands/orphans.ts';
import { isTrusted } from '../commands/status.ts';
import { EXIT } from '../errors.ts';
import type { StoreReport } from '../trust.ts';
import { finding, type Finding } from './finding.ts';
import type { Check } from './machine.ts';

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

/** Each store, asked itself. */
export const storesCheck: Check = {
  id: 'stores',
  about: 'trust stores',
  async run({ context, root, isOver, stores }) {
    if (root === undefined || isOver || isClientsOnly(context.folder)) return [];
    const { reports } = await stores;
    return [...storeFindings(reports, context.ca), ...reports.flatMap(outOfReach)];
  },
};

/** No fault of the machine, and somebody could do something about it. */
function outOfReach({ store, state, needed, lacks, reason, hint }: StoreReport): Finding[] {
  if (state !== 'unavailable' || needed || lacks !== undefined) return [];
  return reason === undefined || hint === undefined
    ? []
    : [finding('stores', 'note', `${store}: ${reason}`, hint)];
}

/** Roots of this user that no state folder knows: who has the key of one can forge. */
export const orphansCheck: Check = {
  id: 'orphans',
  about: 'roots without a CA',
  async run({ context, stores }) {
    const { orphans } = await findOrphans(context, (await stores).found);
    return orphans.map(({ name, root, stores }) => {
      const where = stores.map(({ store }) => store).join(', ');
      const what = `${where} has a root that no CA of yours has: ${name} (SHA-256 ${root})`;
      return finding('orphans', 'other', what, { command: 'uninstall', orphans: true });
    });
  },
};
