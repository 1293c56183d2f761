/** Authorities as lines for a person. Pure. */
import type { AuthorityResult, ReplaceResult } from '../../commands/replace.ts';
import type { Renewed } from '../../commands/renew.ts';
import type { AuthoritySummary } from '../../authority/summary.ts';
import { printable } from '../../errors.ts';
import {
  constraintsText,
  date,
  keepingText,
  keepingWord,
  table,
  theftText,
  caFlag,
  columns,
  counted,
  daysLeftText,
} from '../lines.ts';
import type { Style } from '../terminal.ts';
import { wrap } from '../wrap.ts';

/** One line for each authority. */
export function summaryLines(authorities: readonly AuthoritySummary[], style: Style): string[] {
  return columns(
    authorities.map((it) => [
      ...[it.name, it.clientsOnly ? 'clients' : 'servers', it.keyType, keptIn(it)],
      it.origin === undefined ? 'made here' : 'imported',
      `${until(it, style)}${it.problem === undefined ? '' : `  ${style.bad('issues nothing')}`}`,
    ]),
  );
}

/** How the key is kept, in a column; nothing where there is none. */
function keptIn({ keeping, problem }: AuthoritySummary): string {
  return keeping.way === 'file' && problem !== undefined ? '' : keepingWord[keeping.way];
}

/** All there is to tell of one. */
export function authorityLines(
  authority: AuthoritySummary & { readonly issued?: number },
  style: Style,
): string[] {
  const { name, commonName, chain, clientsOnly, origin, issued, problem } = authority;
  return [
    `${name}: ${printable(commonName)}`,
    ...table(
      [
        ['for', clientsOnly ? 'clients only: no store may trust it' : usagesText(authority)],
        ['issues for', constraintsText(authority.constraints)],
        ['valid until', until(authority, style)],
        ['key', `${authority.keyType}, of the ${chain.length === 1 ? 'root itself' : 'issuer'}`],
        ['kept', keepingText(authority.keeping, authority.earlierRoots)],
        ...chain.map((subject, index) => [index === 0 ? 'chain' : '', printable(subject)]),
        ['SHA-256', authority.root],
        ['from', origin === undefined ? 'made by devcert' : 'imported from'],
        ...(origin?.files ?? []).map((file) => ['', printable(file)]),
        ['folder', printable(authority.folder)],
        ...(issued === undefined ? [] : [['issued', counted(issued, 'certificate')]]),
        ...(problem === undefined ? [] : [['cannot issue', style.bad(printable(problem))]]),
      ],
      style,
      ['issues for'],
    ),
  ];
}

/** What `ca create` and `ca import` came to. */
export function keptLines(result: AuthorityResult, verb: string, style: Style): string[] {
  const { name, clientsOnly, problem } = result;
  const ca = caFlag(name);
  const next = clientsOnly
    ? [
        `Next: devcert --client ada@example.test${ca}`,
        `Its root, for servers: devcert ca export ${name}`,
      ]
    : [
        `No store trusts it yet: devcert install${ca}`,
        ...(problem === undefined ? [`Next, in a project: devcert localhost${ca}`] : []),
      ];
  return [
    `${verb} the CA ${authorityLines(result, style).join('\n')}`,
    '',
    ...wrap(theftText(result.constraints, { clientsOnly, keeping: result.keeping })),
    '',
    ...next,
  ];
}

/** What `ca replace` came to. */
export function replaceLines(result: ReplaceResult, style: Style): string[] {
  const { replaced, outcomes } = result;
  const stores = outcomes.map(
    ({ store, status, reason }) =>
      `  ${printable(store)}: ${status}${reason === undefined ? '' : `: ${printable(reason)}`}`,
  );
  const again = renewedLines(result.renewed);
  return [
    replaced
      ? `Replaced the CA ${authorityLines(result, style).join('\n')}`
      : 'Kept the old CA: a store that trusts it failed for the new one',
    ...(stores.length === 0 ? [] : ['', ...stores]),
    ...(again.length === 0 ? [] : ['', ...again]),
  ];
}

/** What `ca protect` and `ca unprotect` came to. Protected is what no store trusts an open key for. */
export function protectLines(result: ReplaceResult, style: Style): string[] {
  const { name, keeping, replaced, earlierRoots, constraints, clientsOnly } = result;
  const key = `the key of the CA "${name}"`;
  const again = `devcert install${caFlag(name)}`;
  if (keeping.way === 'file')
    return replaced || result.outcomes.length === 0
      ? [`Decrypted ${key}`, ...wrap(theftText(constraints, { clientsOnly }))]
      : replaceLines(result, style);
  if (keeping.way === 'passphrase' && keeping.wasOpen)
    return [`Encrypted ${key}`, 'To issue, devcert asks for its passphrase'];
  return [
    ...(replaced ? [...replaceLines(result, style), ''] : []),
    ...(earlierRoots.length === 0
      ? [`Protected: to issue, devcert asks for the passphrase of ${key}`]
      : wrap(
          `Not protected yet: a store may still trust a root of before, whose key lay open. See to it, then ${again}`,
        )),
  ];
}

/** What a new authority did to what the old one had issued, and to what was exported of it. */
export function renewedLines(renewed: readonly Renewed[]): string[] {
  return renewed.flatMap(({ what, files, command, reason }) => {
    const paths = printable(files.join(', '));
    const [done, left] =
      what === 'export'
        ? ['Exported again', 'Still of the old CA']
        : ['Issued again', 'Not issued again'];
    if (reason === undefined) return [`${done}: ${paths}`];
    return [
      `${left}: ${paths}: ${printable(reason)}`,
      ...(command === undefined ? [] : [`  make it again: ${printable(command)}`]),
    ];
  });
}

function usagesText({ usages }: AuthoritySummary): string {
  return usages.includes('clientAuth') ? 'servers and clients' : 'servers';
}

function until({ notAfter, daysLeft }: AuthoritySummary, style: Style): string {
  return `${date(notAfter)}, ${daysLeftText(daysLeft, style)}`;
}
