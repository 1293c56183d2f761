/** The manual page, man(7), made of the declarations. Pure. */
import type { CommandWords } from './completion.ts';
import { descriptionOf } from './declaration.ts';

/** @param all the program first, as `everyCommand()` gives them. */
export function manualPage(all: readonly CommandWords[], version: string): string[] {
  return [
    `.TH DEVCERT 1 "" "devcert ${version}"`,
    '.SH NAME',
    'devcert \\- real HTTPS on local names, until you uninstall it',
    '.SH SYNOPSIS',
    '.B devcert install',
    '.br',
    '.B devcert localhost api.test',
    '.br',
    '.B devcert uninstall \\-\\-purge',
    '.SH COMMANDS',
    ...all.flatMap(commandLines),
    '.SH EXIT STATUS',
    '0 done, 1 failed, 2 usage, 3 no CA, 4 not trusted, 5 expired, 6 refused, 7 cancelled',
  ];
}

function commandLines({ words, declaration }: CommandWords): string[] {
  if (declaration === undefined) return [];
  const { description, positionals = {}, options = {}, examples = [] } = declaration;
  const usage = ['devcert', ...words, ...Object.keys(positionals)].join(' ');
  return [
    `.SS ${text(usage)}`,
    text(description),
    ...Object.entries({ ...positionals, ...options }).flatMap(([name, it]) => [
      '.TP',
      `.B ${text(name)}`,
      text(descriptionOf(it)),
    ]),
    ...(examples.length === 0
      ? []
      : ['.PP', '.nf', ...examples.map((it) => `  ${text(it)}`), '.fi']),
  ];
}

/** Backslashes, hyphens that are typed, and points that would begin a request, as roff has them. */
function text(plain: string): string {
  const escaped = plain.replaceAll('\\', '\\e').replaceAll('-', '\\-');
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}
