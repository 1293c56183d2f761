/** Problems as lines: what is wrong, and below it what to do. Pure. */
import type { InspectedFile, Problem, ProblemCode } from '../../inspect/types.ts';
import { findingWords, type Wording } from '../finding-words.ts';
import { and, hasOwnPassword, shown, titleOf } from './format.ts';
import { wrap } from '../wrap.ts';
import type { Style } from '../terminal.ts';

export function problemLines(file: InspectedFile, style: Style): string[] {
  const { problems, notes, isLocked, kind } = file;
  const [message, hint] = hasOwnPassword(file)
    ? ['the private key has a password of its own, and was not looked into', '--key-password-file']
    : ['what needs the password was not looked into', '--password-file'];
  const locked = isLocked ? entry('locked', style.dim, message, `give it: ${hint} FILE`) : [];
  // Nobody looked into what is only named.
  if (problems.length === 0 && kind === 'other') return ['  It was not looked into'];
  const none = problems.length === 0 && !isLocked ? [`  ${style.good('Nothing was found')}`] : [];
  const told = (found: readonly Problem[], paint: Style['bad']) =>
    group(file, found).flatMap((it) => entry(it.severity, paint, it.message, it.hint));
  return [...none, ...told(problems, style.bad), ...told(notes, style.dim), ...locked];
}

/** More certificates than this with one problem share one line. */
const MAX_SINGLE = 2;
const MAX_TITLES = 5;
/** Problems of one kind that are shown: a certificate may have thousands of names. */
const MAX_ALIKE = 12;

const plurals: Partial<Record<ProblemCode, string>> = {
  expired: 'have expired',
  'expires-soon': 'expire soon',
  'not-yet-valid': 'are not valid yet',
  damaged: 'have a part that cannot be read',
  'weak-key': 'have a weak key',
  'weak-signature': 'have a signature that can be forged',
  'no-key-identifier':
    'have no key identifier: Python from 3.13 on and OpenSSL with -x509_strict refuse them',
};

/** The problem with its words: of a finding about a certificate they name it by its names. */
export function worded(problem: Problem, { certificates }: InspectedFile): Problem & Wording {
  if ('message' in problem) return problem;
  return { ...problem, ...findingWords(problem, certificates[problem.certificate ?? 0]) };
}

function group(
  file: InspectedFile,
  found: readonly Problem[],
): (Pick<Problem, 'severity'> & Wording)[] {
  const { certificates, chain } = file;
  const problems = found.map((it) => worded(it, file));
  const byCode = new Map<ProblemCode, (Problem & Wording)[]>();
  for (const problem of problems) {
    const alike = byCode.get(problem.code) ?? [];
    alike.push(problem);
    byCode.set(problem.code, alike);
  }
  const counts = new Map<ProblemCode, number>();
  return problems.flatMap((problem) => {
    const { code, certificate, message } = problem;
    const all = byCode.get(code) ?? [];
    const before = counts.get(code) ?? 0;
    counts.set(code, before + 1);
    const plural = plurals[code];
    const alike =
      plural === undefined || before >= MAX_ALIKE
        ? []
        : all.filter((it) => it.certificate !== undefined);
    if (plural !== undefined && alike.length > MAX_SINGLE && certificate !== undefined) {
      if (before > 0) return [];
      const titles = alike.flatMap((it) => certificates[it.certificate ?? 0] ?? []).map(titleOf);
      const more = titles.length - MAX_TITLES;
      const list =
        more > 0 ? `${titles.slice(0, MAX_TITLES).join(', ')} and ${more} more` : and(titles);
      return [{ ...problem, message: `${titles.length} of the certificates ${plural}: ${list}` }];
    }
    if (before > MAX_ALIKE) return [];
    const others = `and ${all.length - before} more of the same`;
    if (before === MAX_ALIKE)
      return [{ ...problem, message: others, hint: 'list them all: --json' }];
    const own = certificate === undefined ? undefined : certificates[certificate];
    const isMain = certificates.length === 1 || certificate === (chain?.order[0] ?? -1);
    return own === undefined || isMain
      ? [problem]
      : [{ ...problem, message: `${titleOf(own)}: ${message}` }];
  });
}

function entry(
  word: string,
  paint: (text: string) => string,
  message: string,
  hint: string,
): string[] {
  const indent = ' '.repeat(11);
  const [first = '', ...rest] = wrap(shown(message, 400), 68);
  return [
    `  ${paint(word.padEnd(7))}  ${first}`,
    ...[...rest, ...wrap(shown(hint, 300), 68)].map((text) => indent + text),
  ];
}
