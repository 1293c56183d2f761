/** What stores and their authority came to, as lines for a person. Pure: nothing here writes. */
import type { WrittenLeaf } from '../certificate/written.ts';
import type { InstallResult } from '../commands/install.ts';
import type { StatusResult } from '../commands/status.ts';
import type { UninstallResult } from '../commands/uninstall.ts';
import { printable } from '../errors.ts';
import type { Outcome, StoreReport } from '../trust.ts';
import { renewedLines, summaryLines } from './ca/lines.ts';
import { constraintsText, date, keepingText, madeLines, powerLines, table, wrap } from './lines.ts';
import { orphanLines, orphanNote } from './orphan-lines.ts';
import type { Style } from './terminal.ts';
import { SOON_DAYS } from '../policy.ts';

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
  const undone = outcomes.filter(
    ({ status, lacks }) => status === 'failed' || status === 'cancelled' || lacks !== undefined,
  );
  if (undone.length > 0) {
    const left = [...new Set(undone.map(stepOf))].join(' and ');
    return ['', ...wrap(`Not everywhere yet: ${left}, then devcert install${caFlag(ca)}`)];
  }
  const trusted = outcomes.some(
    ({ status }) => status === 'trusted' || status === 'already-trusted',
  );
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
function stepOf({ store, hint }: Outcome): string {
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
  const left = `${authority.daysLeft} days left`;
  return [
    authority.name,
    ...table(
      [
        ['issues for', constraintsText(authority.constraints)],
        [
          'valid until',
          `${date(authority.notAfter)}, ${authority.daysLeft < SOON_DAYS ? style.bad(left) : left}`,
        ],
        ...(authority.keeping === undefined
          ? []
          : [['key', keepingText(authority.keeping, authority.earlierRoots)]]),
        ['SHA-256', authority.root],
        ['folder', printable(result.folder)],
        ...(authority.problem === undefined
          ? []
          : [['cannot issue', style.bad(authority.problem)]]),
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

function caFlag(ca: string | undefined): string {
  return ca === undefined || ca === 'default' ? '' : ` --ca ${ca}`;
}

function projectLines({ project }: StatusResult, style: Style): string[] {
  if (project === undefined) return [];
  const { names, daysLeft, ca } = project;
  const days = daysLeft < 0 ? style.bad('expired') : `${daysLeft} days left`;
  const of =
    ca === undefined
      ? style.bad('no CA of yours issued it: devcert')
      : ca === 'default'
        ? days
        : `${days}, of the CA ${ca}`;
  return ['', `This project's certificate: ${printable(names.join(', '))}; ${of}`];
}

function otherLines({ others }: StatusResult, style: Style): string[] {
  if (others.length === 0) return [];
  return ['', 'CAs with names:', ...summaryLines(others, style)];
}

function storeLines(report: StoreReport, width: number, style: Style): string[] {
  const { store, state, reason, hint, note, needed } = report;
  const word =
    state === 'trusted' ? style.good(state) : needed ? style.bad(state) : style.dim(state);
  return [
    `  ${printable(store).padEnd(width)}  ${word}${reason === undefined ? '' : `: ${printable(reason)}`}`,
    ...(hint === undefined ? [] : [`  ${' '.repeat(width)}  try: ${printable(hint)}`]),
    ...(note === undefined ? [] : [`  ${' '.repeat(width)}  ${style.dim(printable(note))}`]),
  ];
}

/** What happened in each store, or would. */
export function outcomeLines(outcomes: readonly Outcome[], style: Style): string[] {
  const width = widest(outcomes);
  return outcomes.flatMap((outcome) => {
    const { store, status, reason, hint, restart, commands } = outcome;
    const words: Record<Outcome['status'], string> = {
      trusted: style.good('trusted'),
      'already-trusted': style.good('trusted already'),
      removed: style.good('removed'),
      'already-absent': 'was not in it',
      skipped: style.dim('skipped'),
      planned: 'would run:',
      failed: style.bad('failed'),
      cancelled: style.bad('cancelled'),
    };
    const after = restart === undefined ? '' : style.dim(` (restart ${restart} if it is open)`);
    const why = reason === undefined ? '' : `: ${printable(reason)}`;
    return [
      `  ${printable(store).padEnd(width)}  ${words[status]}${why}${after}`,
      ...(hint === undefined ? [] : [`  ${' '.repeat(width)}  try: ${printable(hint)}`]),
      ...(commands ?? []).map((command) => `      ${command}`),
      ...(status === 'planned' && commands?.length === 0 ? ['      nothing'] : []),
    ];
  });
}

function widest(rows: readonly { readonly store: string }[]): number {
  return Math.max(0, ...rows.map(({ store }) => printable(store).length));
}
