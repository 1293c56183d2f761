/** What stores and their authority came to, as lines for a person and as an exit code. Pure: nothing here writes. */
import type { ReplaceResult } from '../commands/replace.ts';
import type { WrittenLeaf } from '../certificate/written.ts';
import type { InstallResult } from '../commands/install.ts';
import type { StatusResult } from '../commands/status.ts';
import type { UninstallResult } from '../commands/uninstall.ts';
import { EXIT, printable } from '../errors.ts';
import { type Outcome, type StoreReport, isFailure } from '../trust.ts';
import { renewedLines, summaryLines } from './ca/lines.ts';
import {
  constraintsText,
  date,
  keepingText,
  madeLines,
  powerLines,
  table,
  caFlag,
  daysLeftText,
} from './lines.ts';
import { orphanLines, orphanNote } from './orphan-lines.ts';
import { rootOnce } from './root-once.ts';
import type { Style } from './terminal.ts';
import { textWidth, wrap, wrapCommand } from './wrap.ts';

export function installLines(result: InstallResult, style: Style, ca?: string): string[] {
  const planned = result.outcomes.some(({ status }) => status === 'planned');
  const { certificate, keeping } = result;
  const head = {
    kept: [],
    created: planned
      ? ['Would make a CA of your own', ...powerLines(result.constraints, keeping), '']
      : madeLines(result),
    replaced: [
      planned ? 'Would replace the CA' : 'Replaced the CA',
      ...powerLines(result.constraints, keeping),
      '',
    ],
  }[result.authority];
  const end = planned ? [] : closingLines(result, ca);
  return [
    ...(certificate === undefined ? head : sealedLines(certificate, style)),
    ...outcomeLines(result.outcomes, style),
    ...renewedLines(result.renewed),
    ...end,
  ];
}

function sealedLines({ names, certFile, keyFile }: WrittenLeaf, style: Style): string[] {
  return [
    ...wrap(`Made a CA for ${names.join(', ')} and threw both of its keys away`),
    ...table(
      [
        ['certificate', printable(certFile)],
        ['key', printable(keyFile)],
      ],
      style,
    ),
    '',
  ];
}

function closingLines(
  { outcomes, notAfter, keeping, authority }: InstallResult,
  ca: string | undefined,
): string[] {
  const undone = outcomes.filter((it) => isFailure(it) || it.lacks !== undefined);
  if (undone.length > 0) {
    const left = [...new Set(undone.map(stepOf))].join(' and ');
    return ['', ...wrap(`Not everywhere yet: ${left}, then devcert install${caFlag(ca)}`)];
  }
  const trusted = outcomes.some(({ status }) => status.endsWith('trusted'));
  if (!trusted || notAfter === undefined) return [];
  if (keeping?.way === 'sealed') return ['', `Trusted until ${date(notAfter)}`];
  const again = `devcert install${caFlag(ca)}`;
  return [
    '',
    `Trusted until ${date(notAfter)}. Next, in a project: devcert localhost${caFlag(ca)}`,
    ...(keeping?.way === 'file' && authority === 'created'
      ? [`To protect its key: devcert ca protect${nameOf(ca)}, or ${again} --sealed NAMES`]
      : []),
  ];
}

function nameOf(ca: string | undefined): string {
  return ca === undefined || ca === 'default' ? '' : ` ${ca}`;
}

// What a line has room for; the rest stands beside the store.
function stepOf(outcome: Outcome): string {
  const { store, hint } = outcome;
  if (isByHand(outcome)) return 'the commands above';
  const isShort = hint !== undefined && hint.length <= 50 && !hint.includes('devcert install');
  return printable(isShort ? hint : `see to ${store} as said above`);
}

/** @param orphans true if those were to be removed. */
export function uninstallLines(
  { outcomes, hadAuthority, purged, orphans }: UninstallResult,
  style: Style,
  orphansOnly = false,
): string[] {
  if (orphansOnly)
    return orphans.length === 0
      ? ['There are no orphans: each root of yours in a store belongs to a CA']
      : [...orphanLines(orphans), ...outcomeLines(outcomes, style)];
  const left = orphanNote(orphans);
  const more = left.length === 0 ? [] : ['', ...left];
  if (outcomes.length === 0)
    return purged && hadAuthority
      ? ['Deleted the CA', ...more]
      : left.length > 0
        ? ['There is no CA here', ...more]
        : ['There is no CA, so there is nothing to remove'];
  return [...outcomeLines(outcomes, style), ...(purged ? ['', 'Deleted the CA'] : []), ...more];
}

export function statusLines(result: StatusResult, style: Style, ca?: string): string[] {
  const { authority } = result;
  const lost = orphanNote(result.orphans, result.unread);
  const others = [...(lost.length === 0 ? [] : ['', ...lost]), ...otherLines(result, style)];
  const project = projectLines(result, style);
  if (authority === undefined) return [`There is no CA in ${result.folder}`, ...project, ...others];
  const { name, constraints, notAfter, daysLeft, keeping, earlierRoots, root, problem } = authority;
  return [
    name,
    ...table(
      [
        ['issues for', constraintsText(constraints)],
        ['valid until', `${date(notAfter)}, ${daysLeftText(daysLeft, style)}`],
        ...(keeping === undefined ? [] : [['key', keepingText(keeping, earlierRoots)]]),
        ['SHA-256', root],
        ['folder', printable(result.folder)],
        ...(problem === undefined ? [] : [['cannot issue', style.bad(problem)]]),
      ],
      style,
      ['issues for'],
    ),
    '',
    ...result.stores.flatMap((store) => storeLines(store, widest(result.stores), style)),
    ...(result.stores.some(({ state }) => state === 'absent' || state === 'partial')
      ? ['', `To have all of them trust it: devcert install${caFlag(ca)}`]
      : []),
    ...project,
    ...others,
  ];
}

function projectLines({ project }: StatusResult, style: Style): string[] {
  if (project === undefined) return [];
  const { names, daysLeft, ca } = project;
  const days = daysLeft < 0 ? 'expired' : `${daysLeft} days left`;
  const state =
    ca === undefined
      ? 'no CA of yours issued it: devcert'
      : ca === 'default'
        ? days
        : `${days}, of the CA ${ca}`;
  const paint = ca === undefined || daysLeft < 0 ? style.bad : String;
  const whose = `This project's certificate: ${printable(names.join(', '))}`;
  return whose.length + state.length + 2 <= textWidth(style)
    ? ['', `${whose}; ${paint(state)}`]
    : ['', ...wrap(whose, textWidth(style)), `  ${paint(state)}`];
}

function otherLines({ others }: StatusResult, style: Style): string[] {
  if (others.length === 0) return [];
  return ['', 'CAs with names:', ...summaryLines(others, style)];
}

function storeLines(report: StoreReport, width: number, style: Style): string[] {
  const { store, state, reason, hint, note, needed } = report;
  const paint = state === 'trusted' ? style.good : needed ? style.bad : style.dim;
  return [
    ...storeRow(store, width, state, paint, why(reason), style),
    ...hintRows(hint, width, style),
    ...(note === undefined ? [] : rows('', width, printable(note), style).map(style.dim)),
  ];
}

/** 1 if any store failed, else 7 if the user cancelled one, else 0: also where one lacks but a program. */
export function outcomesExitCode(outcomes: readonly Outcome[]): number {
  if (outcomes.some(({ status }) => status === 'failed')) return EXIT.failed;
  if (outcomes.some(({ status }) => status === 'cancelled')) return EXIT.cancelled;
  return EXIT.done;
}

/** What happened in each store, or would. */
export function outcomeLines(outcomes: readonly Outcome[], style: Style): string[] {
  const width = widest(outcomes);
  const planned = rootOnce(
    outcomes.map(({ status, commands = [] }) => (status === 'planned' ? commands : [])),
    style,
  );
  const told = outcomes.flatMap((outcome, index) => {
    const { store, status, reason, hint, restart, commands = [] } = outcome;
    const words: Record<Outcome['status'], readonly [string, Style['good']?]> = {
      trusted: ['trusted', style.good],
      'already-trusted': ['trusted already', style.good],
      removed: ['removed', style.good],
      'already-absent': ['was not in it'],
      skipped: ['skipped', style.dim],
      planned: ['would run:'],
      failed: ['failed', style.bad],
      cancelled: ['cancelled', style.bad],
    };
    const [word, paint = (text: string) => text] = words[status];
    const after = restart === undefined ? '' : ` (restart ${restart} if it is open)`;
    return [
      ...storeRow(store, width, word, paint, why(reason) + after, style),
      ...(status === 'planned'
        ? (commands.length === 0 ? ['nothing'] : (planned[index] ?? [])).flatMap((it) =>
            typed(it, style),
          )
        : commands.length === 0
          ? hintRows(hint, width, style)
          : []),
    ];
  });
  return [...told, ...byHandLines(outcomes, style)];
}

/** Of a dry run of `ca replace`, `ca import --force` and `ca protect`. */
export function plannedLines(result: ReplaceResult, style: Style): string[] {
  const { name, commonName, outcomes, renewed, notes } = result;
  // The key alone would change.
  if (notes.length > 0 && outcomes.length + renewed.length === 0) return [];
  return [
    `Would put another CA in the place of ${name}: ${printable(commonName)}`,
    ...outcomeLines(outcomes, style),
    ...renewed.map(({ files }) => `Would issue again: ${printable(files.join(', '))}`),
  ];
}

/** What a person is to type for the stores that failed, once for all of them. */
function byHandLines(outcomes: readonly Outcome[], style: Style): string[] {
  const failed = outcomes.filter(isByHand);
  const intros = new Set(failed.map(introOf));
  return [...intros].flatMap((intro) => {
    const commands = rootOnce(
      failed.map((it) => (introOf(it) === intro ? (it.commands ?? []) : [])),
      style,
    ).flat();
    const last = commands.length - 1;
    return [
      '',
      printable(intro).replace(/^./, (letter) => letter.toUpperCase()),
      ...commands.flatMap((it, index) => typed(index === last ? it : `${it} &&`, style)),
    ];
  });
}

function isByHand({ status, commands = [] }: Outcome): boolean {
  return status !== 'planned' && commands.length > 0;
}

/** What a hint says before its commands. */
function introOf({ hint = '', commands: [first = ''] = [] }: Outcome): string {
  return hint.slice(0, Math.max(0, hint.indexOf(first))).trimEnd();
}

/** A command to copy: over several lines where a terminal would break it inside a word. */
function typed(command: string, { commandWidth = Infinity }: Style): string[] {
  return wrapCommand(command, commandWidth - 6).map((line) => `      ${line}`);
}

function why(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${printable(reason)}`;
}

function hintRows(hint: string | undefined, width: number, style: Style): string[] {
  return hint === undefined ? [] : rows('', width, `try: ${printable(hint)}`, style);
}

/** @param word what comes first, painted. */
function storeRow(
  store: string,
  width: number,
  word: string,
  paint: Style['good'],
  rest: string,
  style: Style,
): string[] {
  const [first = '', ...more] = rows(printable(store), width, word + rest, style);
  const at = width + 4;
  return [first.slice(0, at) + paint(word) + first.slice(at + word.length), ...more];
}

/** A label, and a text beside it. */
function rows(label: string, width: number, text: string, style: Style): string[] {
  return wrap(text, Math.max(40, textWidth(style) - width - 4)).map(
    (line, index) => `  ${(index === 0 ? label : '').padEnd(width)}  ${line}`,
  );
}

function widest(all: readonly { readonly store: string }[]): number {
  return Math.max(0, ...all.map(({ store }) => printable(store).length));
}
