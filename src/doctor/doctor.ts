/** `devcert doctor`: what is wrong on this machine, found by trying and nothing remembered. Changes nothing. */
import { X509Certificate } from 'node:crypto';
import type { Host } from '../../platform/types.ts';
import { hasAuthority } from '../authority/folder.ts';
import { type Context, contextOf } from '../commands/context.ts';
import { currentRoot } from '../commands/roots.ts';
import { findEverywhere } from '../commands/stores.ts';
import { DevcertError, EXIT } from '../errors.ts';
import { inTime } from '../in-time.ts';
import { inspectAtOnce } from '../store-questions.ts';
import { noAuthority } from './check.ts';
import { checks } from './checks.ts';
import { exitCodeOf, finding, type Finding } from './finding.ts';
import type { AskedStores, Check, Machine } from './machine.ts';
import { othersCheck } from './others.ts';
import { examineProject, type ExaminedProject } from './project.ts';

export interface DoctorResult {
  /** Causes before what comes of them; none if all is well. */
  readonly findings: readonly Finding[];
  /** What was looked at. */
  readonly checked: readonly string[];
  /** As {@link CheckResult}'s; what is only worth to know does not count. */
  readonly exitCode: number;
}

/** All of it ends before ten seconds are over: whoever waits longer thinks that it hangs. */
const LIMIT_MS = 8000;

/** @param refusal why the state folder is not to be used; nothing in it is looked at then. */
export async function doctor(
  context: Context,
  refusal?: DevcertError,
  list: readonly Check[] = checks,
): Promise<DoctorResult> {
  const host = hurried(context.host, LIMIT_MS);
  if (refusal !== undefined) {
    const machine = nothing({ ...context, host });
    const findings = [asFinding('state', refusal), ...(await run(othersCheck, machine))];
    return { findings, checked: ['the state folder'], exitCode: exitCodeOf(findings) };
  }
  const machine = await examine({ ...context, host });
  let done = 0;
  const found = await Promise.all(
    list.map(async (check) => {
      const findings = await run(check, machine);
      done += 1;
      context.progress?.(`${done} of ${list.length}: ${check.about}`);
      return findings;
    }),
  );
  const first = machine.root === undefined ? [noAuthority(machine.context)] : [];
  const all = [...first, ...machine.project.findings, ...found.flat()];
  // Two checks may find the same in their way.
  const findings = all.filter(
    ({ problem }, index) => all.findIndex((it) => it.problem === problem) === index,
  );
  const checked = ['the project', ...list.map(({ about }) => about)];
  return { findings, checked, exitCode: exitCodeOf(findings) };
}

async function examine(context: Context): Promise<Machine> {
  let project: ExaminedProject;
  try {
    project = examineProject(context, false);
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    project = { names: [], certificate: undefined, findings: [asFinding('project', error)] };
  }
  const examined = contextOf(context, project.certificate?.ca);
  try {
    const root = hasAuthority(examined.folder) ? await currentRoot(examined.folder) : undefined;
    const now = examined.host.now();
    const isOver =
      root !== undefined && Date.parse(new X509Certificate(root.der).validTo) < now.getTime();
    const findings = project.findings.filter((it) => !isOver || it.exitCode !== EXIT.expired);
    const stores = ask(examined, root);
    return { context: examined, root, isOver, project: { ...project, findings }, stores };
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    const findings = [asFinding('authority', error), ...project.findings];
    return { ...nothing(examined), project: { ...project, findings } };
  }
}

function nothing(context: Context): Machine {
  const project = { names: [], certificate: undefined, findings: [] };
  const stores = Promise.resolve({ found: [], reports: [] });
  return { context, root: undefined, isOver: false, project, stores };
}

async function ask(context: Context, root: Machine['root']): Promise<AskedStores> {
  const found = await findEverywhere(context);
  if (root === undefined) return { found, reports: [] };
  return { found, reports: await inspectAtOnce(found, root, context.host.now()) };
}

async function run(check: Check, machine: Machine): Promise<readonly Finding[]> {
  const late = `not told in time: ${check.about}`;
  try {
    return await inTime<readonly Finding[]>(check.run(machine), LIMIT_MS, () => [
      finding(check.id, 'note', late, 'try again when this machine has less to do'),
    ]);
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    return [asFinding(check.id, error)];
  }
}

function asFinding(id: string, error: DevcertError): Finding {
  const cure = DevcertError.hintOf(error) ?? { command: 'status' };
  return finding(id, 'other', error.message, cure);
}

/** The same machine, whose programs are ended when the time for all of them is over. */
function hurried(host: Host, limitMs: number): Host {
  const end = performance.now() + limitMs;
  return {
    ...host,
    run: (command) =>
      host.run({
        ...command,
        timeoutMs: Math.max(1, Math.min(command.timeoutMs ?? limitMs, end - performance.now())),
      }),
  };
}
