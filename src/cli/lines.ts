/** Lines and tables that several results share. Pure. */
import { type Constraints, EVERY_ADDRESS, localNetworks } from '../names/constraints.ts';
import type { Keeping } from '../authority/keeping.ts';
import type { MadeAuthority } from '../commands/context.ts';
import type { Style } from './terminal.ts';
import { WIDTH, wrap } from './wrap.ts';
import { SOON_DAYS } from '../policy.ts';

/** What an authority may certify, in words. */
export function constraintsText(constraints: Constraints | undefined): string {
  if (constraints === undefined)
    return 'every name: whoever copies its key can read all your HTTPS';
  const { dns, ip, excluded, closed } = constraints;
  const addresses = [...ip].sort().join() === [...localNetworks].sort().join();
  const isClosed = excluded?.ip.join() === EVERY_ADDRESS.join();
  const parts = [
    dns.length === 0 ? 'every DNS name' : `${dns.join(', ')} and names below them`,
    ip.length === 0
      ? isClosed
        ? 'no address'
        : 'every address'
      : addresses
        ? 'loopback and private addresses'
        : `addresses in ${ip.join(', ')}`,
  ];
  const out = [...(excluded?.dns ?? []), ...(isClosed ? [] : (excluded?.ip ?? []))].map(
    (base) => base || 'every DNS name',
  );
  const except = out.length === 0 ? '' : `; not ${out.join(', ')}`;
  const forms = closed === undefined ? '' : `; no ${closed.join(', no ')} names`;
  return `${parts.join(', ')}${except}${forms}`;
}

/** What a thief of the issuer's key can do with it, in one sentence; held by test/forgeries/answers.json. */
export function theftText(
  constraints: Constraints | undefined,
  { clientsOnly, keeping }: { clientsOnly?: boolean; keeping?: Keeping | undefined } = {},
): string {
  const thief = {
    file: 'Whoever copies its key',
    sealed: 'Whoever copies its key',
    passphrase: 'Whoever copies its key and has the passphrase',
    'ssh-agent': 'Whoever can have your SSH agent sign',
  }[keeping?.way ?? 'file'];
  if (clientsOnly === true)
    return `${thief} can sign in as any user to every server that trusts its root`;
  return constraints === undefined
    ? `${thief} can forge every name in every client that trusts its root`
    : `${thief} can forge these names in every client; in those of OpenSSL (curl, Python, Node, PHP, Ruby), Java and Bun other names, too, and code that Java verifies`;
}

/** What an authority may certify, and what a thief of its key could. */
export function powerLines(constraints: Constraints | undefined, keeping?: Keeping): string[] {
  return [
    ...wrap(`It issues for ${constraintsText(constraints)}`),
    ...wrap(theftText(constraints, { keeping })),
  ];
}

/**
 * How an authority's key is kept, in words.
 *
 * @param earlierRoots that may still be in a store: the key of one may lie anywhere.
 */
export function keepingText(keeping: Keeping, earlierRoots: readonly string[] = []): string {
  const earlier =
    earlierRoots.length === 0 ? '' : '; an earlier root may still be trusted: devcert install';
  switch (keeping.way) {
    case 'file':
      return 'in a file of yours';
    case 'sealed':
      return `none: sealed after it had issued${earlier}`;
    case 'passphrase':
      return keeping.wasOpen
        ? `in a file, encrypted; it lay open before, so backups may have it${earlier}`
        : `in a file, encrypted: its passphrase opens it${earlier}`;
    case 'ssh-agent':
      return `in your SSH agent: ${keeping.fingerprint}${earlier}`;
  }
}

/** The same in a word, for a list. */
export const keepingWord: Readonly<Record<Keeping['way'], string>> = {
  file: 'key in a file',
  sealed: 'sealed',
  passphrase: 'encrypted',
  'ssh-agent': 'SSH agent',
};

/** What is said of an authority that was made on the way; nothing if none was. */
export function madeLines(made: MadeAuthority | undefined): string[] {
  if (made === undefined) return [];
  return [
    'Made a CA of your own and threw the key of its root away',
    ...powerLines(made.constraints, made.keeping),
    '',
  ];
}

/** Two columns: labels, and values that are wrapped where the label is in `wrapped`. */
export function table(
  rows: readonly (readonly string[])[],
  style: Style,
  wrapped: readonly string[] = [],
): string[] {
  const width = Math.max(...rows.map(([label = '']) => label.length));
  return rows.flatMap(([label = '', value = '']) =>
    wrap(value, wrapped.includes(label) ? WIDTH - width - 4 : Infinity).map(
      (line, index) => `  ${style.dim((index === 0 ? label : '').padEnd(width))}  ${line}`,
    ),
  );
}

/** Rows in columns as wide as their longest cell, but for the last. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  );
  return rows.map((row) =>
    `  ${row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join('  ')}`.trimEnd(),
  );
}

/** `1 day`, `2 days`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** What has to be typed for another authority than the default one. */
export function caFlag(ca: string | undefined): string {
  return ca === undefined || ca === 'default' ? '' : ` --ca ${ca}`;
}

/** Days, and in red when they are few. */
export function daysLeftText(days: number, style: Style): string {
  return days < SOON_DAYS ? style.bad(`${days} days left`) : `${days} days left`;
}

/** As ISO 8601 has it, without the time. */
export function date(when: Date): string {
  return when.toISOString().slice(0, 10);
}
