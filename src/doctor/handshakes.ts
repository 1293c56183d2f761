/** Real handshakes: each program that is found here opens a page with a fresh certificate, as it trusts by itself. */
import type { CommandResult } from '../../platform/types.ts';
import type { ServerCertificate } from '../commands/certificate.ts';
import { DevcertError, EXIT, printable, type Text } from '../errors.ts';
import { type Client, clients } from './clients.ts';
import { finding, type Finding } from './finding.ts';
import type { Check, Machine } from './machine.ts';
import { isLoopbackDown } from './names.ts';
import { inScratch, scratchCertificate, withPage } from './page.ts';
import { storeFindings } from './stores.ts';
import { isInTheWay } from './variables.ts';

/** Each alone takes a second at most; they start at the same time. What is slower must not hide the others. */
const CLIENT_MS = 5000;

export const handshakesCheck: Check = {
  id: 'handshakes',
  about: 'programs that open a page',
  async run(machine) {
    const { context, root, isOver } = machine;
    if (root === undefined || isOver || isLoopbackDown(context.host)) return [];
    let certificate: ServerCertificate;
    try {
      certificate = await scratchCertificate(context);
    } catch (error) {
      if (!(error instanceof DevcertError)) throw error;
      const why: Text = `no program was tried, as nothing was signed for it: ${error.message}`;
      return [finding('handshakes', 'note', why, { command: 'status' })];
    }
    const here = clients.flatMap((client) => {
      const file = context.host.find(client.program);
      return file === undefined ? [] : [{ client, file }];
    });
    const tried = await withPage(certificate, (page) =>
      inScratch((scratch) =>
        Promise.all(
          here.map(async ({ client, file }) => {
            const { program } = client;
            const url = `https://localhost:${page.port}/${program}`;
            // With the user's own environment, but that a proxy is not asked for this machine.
            const direct = { NO_PROXY: 'localhost', no_proxy: 'localhost' };
            const env = { ...direct, ...client.env?.(url, scratch) };
            const run = { file, args: client.args(url), env, timeoutMs: CLIENT_MS };
            const result = await context.host.run(run);
            return page.seen.has(program) ? undefined : judge(client, file, result, machine);
          }),
        ),
      ),
    );
    return tried.flatMap((it) => it ?? []);
  },
};

async function judge(
  client: Client,
  file: string,
  { stdout, stderr, failure }: CommandResult,
  { context, root, stores }: Machine,
): Promise<Finding | undefined> {
  const note = (problem: string, cure: string) => finding('handshakes', 'note', problem, cure);
  const { name, program, trusts, variables } = client;
  const said = `${stderr}\n${stdout}`.trim();
  const why = said.split('\n').find((it) => DISTRUST.test(it));
  if (REVOCATION.test(said))
    return note(
      `${name} (${file}) asks for lists of revoked certificates, which no local CA publishes`,
      `${program} --ssl-revoke-best-effort`,
    );
  if (why === undefined) {
    // That `localhost` leads nowhere is told by the check of names.
    if (UNRESOLVED.test(said)) return undefined;
    const last = failure === 'timeout' ? 'it took too long' : (said.split('\n').at(-1) ?? '');
    return note(
      `${name} (${file}) could not be tried: ${printable(last)}`,
      `see what it says itself: ${program} --version`,
    );
  }
  // What is told already is the cause: of all that fails because of it nothing more is said.
  if (root !== undefined && variables.some((it) => isInTheWay(it, context, root))) return undefined;
  const { reports } = await stores;
  const own = reports.filter(({ kind }) => kind === trusts);
  if (own.length > 0 && storeFindings(own, context.ca).some((it) => it.exitCode !== EXIT.done))
    return undefined;
  return finding(
    'handshakes',
    trusts === 'own' ? 'note' : 'trust',
    `${name} (${file}) does not trust the root by itself: ${printable(why.trim()).slice(0, 160)}`,
    { command: 'run', ca: context.ca, names: ['--', program] },
  );
}

/** Of curl on Schannel, the TLS of Windows, which trusts the root and fails all the same. */
const REVOCATION = /schannel.*(?:0x80092012|0x80092013|NO_REVOCATION_CHECK|REVOCATION_OFFLINE)/i;
/** How they say that they cannot find a host. */
const UNRESOLVED =
  /resol(?:ve|ution)|getaddrinfo|lookup localhost|UnknownHost|ENOTFOUND|EAI_AGAIN/i;
/** How they say that they do not trust a certificate. */
const DISTRUST =
  /certificate|\bcert\b|CERT_|SSLHandshake|PKIX|self.signed|UnknownIssuer|unknown.?(?:issuer|ca)\b/i;
