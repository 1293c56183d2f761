/** A word that is meant as a command and is none of ours: never taken for a host's name in silence. Pure. */
import { DevcertError } from '../errors.ts';
import { commands } from './commands.ts';
import { type Step, worded } from './hints.ts';

/** What other tools call what a command of ours does. */
const elsewhere: Readonly<Record<string, Step>> = {
  ...each('trust setup', { command: 'install' }),
  ...each('untrust remove delete rm clean', { command: 'uninstall' }),
  ...each('cert certs certificate create gen generate make new secure', {
    command: 'issue',
    names: 'localhost',
  }),
  ...each('check doctor info ls test', { command: 'status' }),
  ...each('cat show verify view', { command: 'inspect', names: 'FILE' }),
  ...each('convert p12 pfx pkcs12 jks', { command: 'export' }),
  ...each('config init', { command: 'recipe' }),
};

/**
 * @param word the first one that was typed, if it is no command: a label without a dot.
 * @throws DevcertError `usage` if it looks like a command, of ours or another tool's, or like `localhost`.
 */
export function assertNoCommand(word: string): void {
  const step = meantBy(word);
  if (step === undefined) return;
  const isLocalhost = step.command === 'issue' && step.names === 'localhost';
  throw new DevcertError('usage', `there is no command "${word}"`, {
    hint: isLocalhost
      ? worded`did you mean ${step}?`
      : worded`did you mean ${step}? For a host of that name: ${{ command: 'issue', names: `${word}.test` }}`,
  });
}

function meantBy(word: string): Step | undefined {
  const typed = word.toLowerCase();
  if (Object.hasOwn(elsewhere, typed)) return elsewhere[typed];
  if (typed.length < 3) return undefined; // as likely a host: "db", "ci"
  const meant = nearest(typed, [...Object.keys(commands), 'localhost']);
  if (meant === undefined) return undefined;
  if (meant === 'localhost') return { command: 'issue', names: 'localhost' };
  return { command: meant as NonNullable<Step['command']> };
}

/** Which of the words is most likely meant, if any is near enough. */
export function nearest(typed: string, words: readonly string[]): string | undefined {
  const [first] = words
    .map((it) => ({ it, far: distance(typed, it) }))
    .filter(({ it, far }) => far <= Math.max(1, Math.floor(it.length / 4)))
    .sort((a, b) => a.far - b.far);
  return first?.it;
}

/** Letters left out, added, changed or swapped with their neighbour between two words. */
function distance(a: string, b: string): number {
  // Of prefixes of a and b; two rows back is for swaps.
  let [before, last]: [number[], number[]] = [
    [],
    Array.from({ length: b.length + 1 }, (_, j) => j),
  ];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        at(last, j) + 1,
        at(row, j - 1) + 1,
        at(last, j - 1) + (same ? 0 : 1),
        swapped ? at(before, j - 2) + 1 : Infinity,
      );
    }
    [before, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}

function each(words: string, step: Step): Record<string, Step> {
  return Object.fromEntries(words.split(' ').map((word) => [word, step]));
}
