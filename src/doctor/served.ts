/** Servers that were not restarted since their certificate was replaced. */
import { isCertificate } from '../commands/list.ts';
import { findServedOld } from '../commands/served.ts';
import { readLedger } from '../ledger/ledger.ts';
import { finding } from './finding.ts';
import type { Check } from './machine.ts';

export const servedCheck: Check = {
  id: 'served',
  about: 'servers with an earlier certificate',
  async run({ context }) {
    const entries = readLedger(context.stateFolder).filter(isCertificate);
    const served = await findServedOld(context, entries);
    return [...served].flatMap(([certFile, servers]) =>
      servers.map(({ port, process }) => {
        const what = `the server on port ${port} still sends the certificate that was in "${certFile}" before`;
        const whose = process && `: ${process.name}, process ${process.pid}`;
        return finding('served', 'other', what, `restart or reload it${whose ?? ''}`);
      }),
    );
  },
};
