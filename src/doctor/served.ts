/** Servers that were not restarted since their certificate was replaced. */
import { isCertificate } from '../commands/list.ts';
import { findServedOld, type ServedOld } from '../commands/served.ts';
import { say } from '../errors.ts';
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
      servers.map((server) =>
        finding(
          'served',
          'other',
          `the server on port ${server.port} still sends the certificate that was in "${certFile}" before`,
          say`restart or reload it${whose(server)}`,
        ),
      ),
    );
  },
};

function whose({ process }: ServedOld): string {
  return process === undefined ? '' : `: ${process.name}, process ${process.pid}`;
}
