/** `devcert recipe [NAME]` */
import type { RecipeOptions, RecipeResult, RecipeSummary } from '../commands/recipe.ts';
import { DevcertError } from '../errors.ts';
import { recipe, recipes } from '../index.ts';
import type { Block, CommentMark } from '../recipes/recipe.ts';
import { type Declaration, dirOption } from './declaration.ts';
import { table } from './lines.ts';
import type { Style } from './terminal.ts';

export const recipeCommand: Declaration = {
  summary: 'print configuration for a server, with the real paths in it',
  description:
    'Prints configuration for a server or framework that works as it is; without a name, lists what there is.',
  positionals: { '[name]': 'nginx, node, spring-boot, postgres, …' },
  options: {
    ...dirOption,
    '--client-certs': 'let in only clients with a certificate of trust.pem, or of ca.pem',
    '--ca-file <file>': 'with --client-certs: of these CAs instead',
  },
  examples: [
    'devcert recipe                      what there is',
    'devcert recipe nginx > devcert.conf',
    'devcert recipe postgres --client-certs',
  ],
  async run([name], options: RecipeOptions, terminal) {
    if (name === undefined) {
      assertPlain(options);
      const list = await recipes();
      return terminal.show(listLines(list, terminal.style), list);
    }
    const result = await recipe(name, options);
    return terminal.show(recipeLines(result), result);
  },
};

/** A list has no use for options: who gives one has forgotten the name. */
function assertPlain({ dir, clientCerts, caFile }: RecipeOptions): void {
  if (dir === undefined && clientCerts !== true && caFile === undefined) return;
  throw new DevcertError('usage', 'that option goes with the name of a recipe', {
    hint: 'devcert recipe lists the names',
  });
}

/** One line for each recipe. */
export function listLines(list: readonly RecipeSummary[], style: Style): string[] {
  return table(
    list.map(({ name, summary }) => [name, summary]),
    style,
  );
}

/** The first block unchanged under its title, the others below it as comments: together one file that works. */
export function recipeLines({ blocks }: Pick<RecipeResult, 'blocks'>): string[] {
  const [first, ...others] = blocks;
  if (first === undefined) return [];
  if (first.comment === undefined) return first.text.split('\n');
  const lines = [...titled(first, first.comment)];
  for (const { title, text } of others)
    lines.push('', ...commented([`${title}:`, ...text.split('\n')], first.comment));
  return lines;
}

/** The title above the text, or below a first line that has to be the first. */
function titled({ title, text }: Block, comment: NonNullable<CommentMark>): string[] {
  const lines = text.split('\n');
  const head = /^(#!|<\?)/.test(text) ? 1 : 0;
  return [...lines.slice(0, head), ...commented([title], comment), ...lines.slice(head)];
}

function commented(lines: readonly string[], mark: NonNullable<CommentMark>): string[] {
  return lines.map((line) => {
    if (mark !== '<!--') return `${mark} ${line}`.trimEnd();
    return `<!-- ${line.replaceAll('--', '- -')} -->`;
  });
}
