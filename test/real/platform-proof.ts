/**
 * The whole promise on a real machine that may be spoiled: refused before `install`, accepted after,
 * refused after `uninstall`; and what a thief with the issuer's key signs is refused while the root is
 * trusted. Run by CI as `node test/real/platform-proof.ts RECORDS-FOLDER` (Node 24, after a build): it
 * changes the store of the whole machine. Nothing is started that macOS would answer with a dialog: with
 * system integrity protection root is asked, too, and then only what needs no trust is judged. On Linux the store is left alone: clients get the root as an
 * option, so that the script itself can be tried.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAuthority, rootFile } from '../../src/authority/folder.ts';
import { type Forgery, forgeLeaf, issueFor, purpose } from '../helpers/forge.ts';
import { run } from '../helpers/run.ts';
import { startServer } from '../helpers/server.ts';
import { judgesOf, type Visit } from './platform-judges.ts';

const CLI = join(import.meta.dirname, '../../dist/bin/devcert.cjs');

export interface Verdict {
  readonly phase: 'before' | 'trusted' | 'after';
  readonly judge: string;
  readonly visit: string;
  /** Undefined if the judge was not there or did not end: that is no refusal. */
  readonly accepted: boolean | undefined;
  readonly expected: boolean;
  readonly output: string;
}

interface Case {
  readonly title: string;
  readonly host: string;
  readonly forgery?: Forgery;
}

const cases: readonly Case[] = [
  { title: 'good', host: 'localhost' },
  { title: 'good address', host: '127.0.0.1' },
  // The thief's own handiwork is sound: what is refused below is refused for what it says.
  {
    title: 'good, forged',
    host: 'api.test',
    forgery: { names: [{ type: 'dns', value: 'api.test' }] },
  },
  {
    title: 'good address, forged',
    host: '10.1.2.3',
    forgery: { names: [{ type: 'ip', value: '10.1.2.3' }] },
  },
  {
    title: 'foreign name',
    host: 'bank.com',
    forgery: { names: [{ type: 'dns', value: 'bank.com' }] },
  },
  {
    title: 'foreign address',
    host: '8.8.8.8',
    forgery: { names: [{ type: 'ip', value: '8.8.8.8' }] },
  },
  {
    title: 'foreign name beside a good one',
    host: 'localhost',
    forgery: {
      names: [
        { type: 'dns', value: 'localhost' },
        { type: 'dns', value: 'bank.com' },
      ],
    },
  },
  {
    title: 'for code signing only',
    host: 'localhost',
    forgery: {
      names: [{ type: 'dns', value: 'localhost' }],
      purpose: purpose('1.3.6.1.5.5.7.3.3'),
    },
  },
];

/**
 * @param records folder for what the judges and the system's own tools answered, as JSON.
 * @returns every verdict; the proof holds if each is as expected.
 */
export async function prove(records: string): Promise<Verdict[]> {
  const folder = mkdtempSync(join(tmpdir(), 'devcert-proof-'));
  mkdirSync(records, { recursive: true });
  const state = join(folder, 'state');
  const changesStore = process.platform !== 'linux';
  const devcert = devcertIn(folder, state);
  const verdicts: Verdict[] = [];
  const servers: { close(): Promise<void> }[] = [];
  let installed = false;
  try {
    await devcert(['localhost', '--out', join(folder, 'project')]);
    const root = rootFile(state);
    const visits = await Promise.all(
      cases.map((it, index) => serve(it, state, join(folder, String(index)), servers)),
    );
    const judges = judgesOf(process.platform, folder);
    const ask = async (phase: Verdict['phase'], visits: readonly Visit[]) => {
      for (const judge of judges)
        for (const visit of visits) {
          if (changesStore && !judge.readsStore && phase === 'after') continue;
          if (!judge.anyHost && !['localhost', '127.0.0.1'].includes(visit.host)) continue;
          const { status, output } = await judge.ask(visit, phase === 'trusted' ? root : undefined);
          const expected = phase === 'trusted' && visit.title.startsWith('good');
          verdicts.push({
            ...{ phase, judge: judge.name, visit: visit.title, output: output.trim() },
            ...{ accepted: [124, 127].includes(status) ? undefined : status === 0, expected },
          });
        }
    };
    const good = visits.filter(({ title }) => title.startsWith('good'));
    await ask('before', good);
    if (process.platform === 'darwin') {
      if (await asksRoot()) {
        console.log('::warning::macOS asks root in a dialog here: trusting is not proved');
        return verdicts;
      }
      // Removing the last root that the machine trusts asks always: this one stays, for ours to be removed.
      const bystander = devcertIn(folder, join(folder, 'bystander'));
      await bystander(['install', '--machine', '--stores', 'system', '--json']);
    }
    // The system's store alone: Java is proved on Linux.
    const stores = ['--stores', changesStore ? await systemKind(state) : 'system'];
    if (changesStore) {
      installed = true;
      await devcert(['install', '--machine', ...stores, '--json']);
      await devcert(['status', '--machine', ...stores, '--json']);
    }
    await ask('trusted', visits);
    if (changesStore) {
      await devcert(['uninstall', '--machine', ...stores, '--json']);
      installed = false;
    }
    await ask('after', good);
  } finally {
    // Written whatever happened: a failed run is what teaches most.
    writeFileSync(join(records, 'verdicts.json'), JSON.stringify(verdicts, null, 2));
    if (installed)
      await run(process.execPath, [CLI, 'uninstall', '--machine'], {
        ...{ env: { DEVCERT_HOME: state }, timeoutMs: 180_000 },
      });
    await Promise.all(servers.map((server) => server.close()));
    rmSync(folder, { recursive: true, force: true });
  }
  return verdicts;
}

/** True if macOS asks even root before it trusts a root: with system integrity protection. */
async function asksRoot(): Promise<boolean> {
  const { output } = await run('/usr/bin/csrutil', ['status']);
  return !/status: disabled/i.test(output);
}

/** Starts a server for a case; its certificate is ours, or what a thief would sign with our key. */
async function serve(
  { title, host, forgery }: Case,
  state: string,
  folder: string,
  servers: { close(): Promise<void> }[],
): Promise<Visit> {
  const authority = await loadAuthority(state);
  const leaf =
    forgery === undefined ? await issueFor(authority, [host]) : await forgeLeaf(authority, forgery);
  mkdirSync(folder);
  const leafFile = join(folder, 'leaf.pem');
  const issuerFile = join(folder, 'issuer.pem');
  writeFileSync(leafFile, leaf.certificate.toString());
  writeFileSync(issuerFile, authority.chainPem);
  const server = await startServer({ cert: leaf.certPem, key: leaf.keyPem });
  servers.push(server);
  return { title, host, port: server.port, leafFile, issuerFile };
}

/** The built command with a state folder of its own; anything but exit code 0 ends the proof. */
function devcertIn(cwd: string, state: string) {
  return async (args: readonly string[]): Promise<string> => {
    const env = { DEVCERT_HOME: state, NO_COLOR: '1' };
    const { status, output } = await run(process.execPath, [CLI, ...args], {
      ...{ cwd, env, timeoutMs: 180_000 },
    });
    console.log(`$ devcert ${args.join(' ')}\n${output.trim()}`);
    if (status !== 0) throw new Error(`devcert ${args.join(' ')} ended with ${status}`);
    return output;
  };
}

/** The word of `--stores` for the system's own store. */
async function systemKind(state: string): Promise<string> {
  for (const kind of ['system', 'windows']) {
    const args = [CLI, 'status', '--machine', '--stores', kind, '--json'];
    const { output } = await run(process.execPath, args, { env: { DEVCERT_HOME: state } });
    const start = output.indexOf('{');
    const answer = JSON.parse(start === -1 ? '{}' : output.slice(start)) as { stores?: unknown[] };
    if ((answer.stores ?? []).length > 0) return kind;
  }
  throw new Error('devcert knows no store of this system');
}

function words(accepted: boolean | undefined): string {
  if (accepted === undefined) return 'says nothing of';
  return accepted ? 'accepts' : 'refuses';
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.platform !== 'linux' && (process.env.DEVCERT_REAL_STORES ?? '') !== '1')
    throw new Error('this changes the trust of the whole machine: set DEVCERT_REAL_STORES=1');
  const verdicts = await prove(process.argv[2] ?? 'records');
  for (const { phase, judge, visit, accepted, expected } of verdicts)
    console.log(
      `${accepted === expected ? 'ok  ' : 'FAIL'} ${phase}: ${judge} ${words(accepted)} ${visit}`,
    );
  if (verdicts.some(({ accepted, expected }) => accepted !== expected)) process.exitCode = 1;
}
