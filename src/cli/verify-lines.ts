/** A verification as lines for a person: each step, what is wrong with it, and its cure. Pure. */
import { SOON_DAYS, DAY_MS } from '../policy.ts';
import type {
  SentCertificate,
  StepName,
  VerifyProblem,
  VerifyResult,
  VerifyStep,
} from '../verify/types.ts';
import { dateText, nameText, shown } from './inspect/format.ts';
import { WIDTH, wrap } from './wrap.ts';
import type { Style } from './terminal.ts';

export function verifyLines(result: VerifyResult, style: Style): string[] {
  const { steps, problems, isVerified } = result;
  return [
    headline(result),
    '',
    ...steps
      .filter(({ state, step }) => state !== 'skipped' || step === 'name')
      .flatMap((step) => {
        const own = problems.filter((it) => it.step === step.step);
        return [
          ...stepLines(step, own, style),
          ...(step.step === 'certificates' ? sentLines(result, style) : []),
        ];
      }),
    '',
    isVerified
      ? style.good(`Verified${closing(result)}`)
      : style.bad(`Not verified${closing(result)}`),
  ];
}

/** Steps that are called otherwise. */
const labels: Readonly<Partial<Record<StepName, string>>> = {
  key: 'signature',
  'client-certificate': 'client',
};

const LABEL = 12;
const INDENT = ' '.repeat(2 + 4 + 2 + LABEL + 2);

function headline({ target, name, purpose, roots, server }: VerifyResult): string {
  const by = server?.startTls === undefined ? '' : ` (${server.startTls})`;
  const as = name === undefined ? '' : ` as "${shown(name)}"`;
  const whose =
    roots === 'devcert'
      ? "devcert's root"
      : roots === 'system'
        ? "the system's roots"
        : `the roots of ${shown(roots)}`;
  return `${shown(target)}${by}${as}, for a ${purpose}, against ${whose}`;
}

function stepLines(
  { step, state, text }: VerifyStep,
  problems: readonly VerifyProblem[],
  style: Style,
): string[] {
  const marks = {
    ok: style.good('ok  '),
    failed: style.bad('FAIL'),
    warning: style.bad('warn'),
    skipped: style.dim('-   '),
  };
  const told = [
    ...(state === 'failed' ? [] : fitted(text, 400)),
    ...problems.flatMap(({ message, fix }) => [
      ...fitted(message, 500).map(style.bad),
      ...fitted(`fix: ${shown(fix, 400)}`, 500).map((it, index) =>
        index === 0 ? it : `     ${it}`,
      ),
    ]),
  ];
  const [first = '', ...rest] = told;
  return [
    `  ${marks[state]}  ${(labels[step] ?? step).padEnd(LABEL)}  ${first}`.trimEnd(),
    ...rest.map((line) => `${INDENT}${line}`),
  ];
}

function fitted(text: string, limit: number): string[] {
  return wrap(shown(text, limit), WIDTH - INDENT.length);
}

/** More than this are counted only. */
const MAX_SENT = 12;

function sentLines({ certificates, at }: VerifyResult, style: Style): string[] {
  const more = certificates.length - MAX_SENT;
  return [
    ...certificates.slice(0, MAX_SENT).flatMap((it, index) => {
      const end = it.notAfter === undefined ? '' : dateText(it.notAfter);
      const left = it.notAfter === undefined ? Infinity : it.notAfter.getTime() - at.getTime();
      const until = end === '' ? '' : `, until ${end}`;
      const number = `${index + 1}. `;
      return wrap(titleOf(it) + until, WIDTH - INDENT.length - number.length).map((line, row) => {
        const dated =
          left < SOON_DAYS * DAY_MS && line.endsWith(end)
            ? line.slice(0, line.length - end.length) + style.bad(end)
            : line;
        return INDENT + (row === 0 ? number : ' '.repeat(number.length)) + dated;
      });
    }),
    ...(more > 0 ? [`${INDENT}and ${more} more (--json lists all)`] : []),
  ];
}

function titleOf({ names, subject }: SentCertificate): string {
  const listed = names.slice(0, 3).map(nameText).join(', ');
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return listed === '' ? shown(subject, 60) || 'without a name' : `${shown(listed, 60)}${more}`;
}

function closing({ problems, isVerified }: VerifyResult): string {
  const codes = problems.map(({ code }) => code);
  const kinds = [...new Set(codes)].join(', ');
  if (kinds === '') return '';
  return isVerified ? `, with a warning: ${kinds}` : `: ${kinds}`;
}
