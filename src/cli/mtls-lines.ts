/** Mutual TLS as lines for a person. Pure. */
import { relative } from 'node:path';
import type { MtlsResult } from '../commands/mtls.ts';
import type { MtlsCheckResult } from '../commands/mtls-check.ts';
import type { MtlsRotateResult } from '../commands/mtls-rotate.ts';
import { printable } from '../errors.ts';
import { date, madeLines, table, columns } from './lines.ts';
import { wrap } from './wrap.ts';
import type { Style } from './terminal.ts';

export function mtlsLines(result: MtlsResult, style: Style): string[] {
  const { folder, set, parties, written } = result;
  const whose =
    set.serverCa === set.clientCa
      ? `one CA, ${set.serverCa}`
      : `server by ${set.serverCa}, clients by ${set.clientCa}`;
  return [
    ...madeLines(result.made),
    written.length === 0
      ? `All is in place for "${set.name}": ${whose}`
      : `Wrote the parties of "${set.name}": ${whose}`,
    ...table(
      parties.map(({ folder: party, names, issued, notAfter }) => [
        `${printable(relative(folder, party))}/`,
        `${names.join(', ')}; ${issued ? 'issued' : 'kept'}, until ${date(notAfter)}`,
      ]),
      style,
    ),
    `Each folder is for one machine: cert.pem, key.pem, and the CA that it trusts, trust.pem`,
    `See ${printable(folder)}/README.md; to try a server: devcert mtls check localhost:8443 --dir ${printable(set.name)}`,
  ].flatMap((line) => (line.startsWith(' ') ? [line] : wrap(line)));
}

export function mtlsCheckLines(result: MtlsCheckResult, style: Style): string[] {
  const rows = result.lines.map(({ version, what, expected, got, reason, ok }) => [
    version,
    what,
    got === 'not offered' ? style.dim(got) : ok ? style.good(got) : style.bad(got),
    (got === 'not offered' ? '' : ok ? 'as it should' : `WRONG: should be ${expected}`) +
      (reason === '' ? '' : `: ${printable(reason)}`),
  ]);
  const { accepted } = result;
  const asks =
    accepted === undefined
      ? []
      : accepted.length === 0
        ? ['', 'It asks for a certificate, of no CA in particular']
        : ['', 'It asks for a certificate of:', ...accepted.map((it) => `  ${printable(it)}`)];
  return [
    `${result.server} as client "${result.client}"`,
    ...columns(rows),
    ...asks,
    '',
    result.ok
      ? style.good('The right certificate gets in and all the wrong ones do not')
      : style.bad('Something is not as it should be'),
  ];
}

export function mtlsRotateLines(result: MtlsRotateResult): string[] {
  const { ca, step, written, reload, made } = result;
  const what = {
    1: `Old and new CA "${ca}" are both trusted now`,
    2: `Certificates come from the new CA "${ca}" now`,
    3: `The old CA "${ca}" is gone`,
  }[step];
  const next = { 1: '--issue', 2: '--finish', 3: undefined }[step];
  return [
    `Step ${step} of 3: ${what}`,
    ...madeLines(made),
    ...written.map(({ files, command, reason }) => {
      const paths = printable(files.join(', '));
      if (reason === undefined) return `  written: ${paths}`;
      const again = command === undefined ? '' : `: ${printable(command)}`;
      return `  not written: ${paths}: ${printable(reason)}${again}`;
    }),
    `Now reload the ${reload.join(' and the ')}${next === undefined ? '' : `, and when all are: devcert mtls rotate ${next}`}`,
  ];
}
