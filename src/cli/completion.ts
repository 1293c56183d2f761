/** `devcert completion SHELL`: what a shell offers at the tab key, and the manual page, made of the declarations. */
import { inFishQuotes, inQuotes } from '../../platform/quote.ts';
import { DevcertError, EXIT } from '../errors.ts';
import { commands } from './commands.ts';
import { type Declaration, descriptionOf } from './declaration.ts';
import { manualPage } from './manual.ts';
import { version } from './version.ts';

/** A command with its words: `ca create`. The first is the program itself, of no words. */
export interface CommandWords {
  readonly words: readonly string[];
  readonly summary: string;
  /** The words that may follow, and its long options, each with what it is for. */
  readonly next: readonly Item[];
  readonly declaration: Declaration | undefined;
}

interface Item {
  readonly word: string;
  readonly description: string;
  /** True for an option that takes a value. */
  readonly takesValue?: boolean;
}

const scripts = { bash, zsh, fish, powershell } as const;

export const completionCommand: Declaration = {
  summary: 'print what a shell needs to complete commands and options',
  description:
    'Prints a script for a shell, to be evaluated where it starts; man prints the manual page.',
  positionals: { '<shell>': `${Object.keys(scripts).join(', ')}, or man` },
  examples: [
    'eval "$(devcert completion bash)"             in ~/.bashrc',
    'eval "$(devcert completion zsh)"              in ~/.zshrc, behind compinit',
    'devcert completion fish | source              in ~/.config/fish/config.fish',
    'devcert completion powershell | Out-String | Invoke-Expression   in $PROFILE',
  ],
  async run([shell = ''], _options, terminal) {
    const all = await everyCommand();
    if (shell === 'man') terminal.print(manualPage(all, version));
    else if (Object.hasOwn(scripts, shell))
      terminal.print(scripts[shell as keyof typeof scripts](all));
    else
      throw new DevcertError('usage', `there is no completion for "${shell}"`, {
        hint: `one of ${Object.keys(scripts).join(', ')}, man`,
      });
    return EXIT.done;
  },
};

/** Every command and command of a group, the program first. */
export async function everyCommand(): Promise<CommandWords[]> {
  const declared = await Promise.all(
    Object.entries(commands).map(async ([name, load]) => [name, await load()] as const),
  );
  const top = declared.map(([word, { summary }]) => ({ word, description: summary }));
  const below = declared.flatMap(([name, declaration]) => wordsOf([name], declaration));
  const program = {
    words: [],
    summary: 'real HTTPS on local names',
    next: [
      ...top,
      { word: '--help', description: 'help' },
      { word: '--version', description: 'its version' },
    ],
    declaration: undefined,
  };
  return [program, ...below];
}

function wordsOf(words: readonly string[], declaration: Declaration): CommandWords[] {
  const { summary, options = {}, commands = {} } = declaration;
  const below = Object.entries(commands).map(([word, it]) => ({ word, description: it.summary }));
  const flags = Object.entries(options).map(([flags, it]) => ({
    word: /--[a-z-]+/.exec(flags)?.[0] ?? flags,
    description: descriptionOf(it),
    takesValue: flags.includes('<'),
  }));
  return [
    {
      words,
      summary,
      next: [
        ...below,
        ...flags,
        { word: '--json', description: 'print one JSON document' },
        { word: '--help', description: 'help' },
      ],
      declaration,
    },
    ...Object.entries(commands).flatMap(([word, it]) => wordsOf([...words, word], it)),
  ];
}

function bash(all: readonly CommandWords[]): string[] {
  const cases = all.map(
    ({ words, next }) =>
      `    '${words.join(' ')}') offered='${next.map(({ word }) => word).join(' ')}' ;;`,
  );
  return [
    '_devcert() {',
    '  local current=${COMP_WORDS[COMP_CWORD]} path= word offered=',
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    `    case "$path $word" in ${pathPatterns(all)}) path="\${path:+$path }$word" ;; esac`,
    '  done',
    '  case "$path" in',
    ...cases,
    '  esac',
    '  COMPREPLY=($(compgen -W "$offered" -- "$current"))',
    '}',
    // Where nothing is offered: files.
    'complete -o default -o bashdefault -F _devcert devcert',
  ];
}

/** Words behind a path that make a longer one: `' ca'|'ca create'`. */
function pathPatterns(all: readonly CommandWords[]): string {
  return all
    .filter(({ words }) => words.length > 0)
    .map(({ words }) => `'${words.slice(0, -1).join(' ')} ${words.at(-1) ?? ''}'`)
    .join('|');
}

function zsh(all: readonly CommandWords[]): string[] {
  const item = ({ word, description }: Item) =>
    inQuotes(`${word.replaceAll(':', '\\:')}:${description}`);
  const cases = all.map(
    ({ words, next }) => `    '${words.join(' ')}') offered=(${next.map(item).join(' ')}) ;;`,
  );
  return [
    '_devcert() {',
    '  local path_= word; local -a offered',
    '  for word in "${(@)words[2,CURRENT-1]}"; do',
    `    case "$path_ $word" in ${pathPatterns(all)}) path_="\${path_:+$path_ }$word" ;; esac`,
    '  done',
    '  case "$path_" in',
    ...cases,
    '  esac',
    "  _describe 'devcert' offered || _files",
    '}',
    'compdef _devcert devcert',
  ];
}

function fish(all: readonly CommandWords[]): string[] {
  return all.flatMap(({ words, next }) => {
    const [command, sub] = words;
    const below = all.filter(
      (it) => it.words.length === words.length + 1 && it.words[0] === command,
    );
    const names = below.map((it) => it.words.at(-1) ?? '').join(' ');
    const when =
      command === undefined
        ? '__fish_use_subcommand'
        : `__fish_seen_subcommand_from ${sub ?? command}` +
          (sub !== undefined
            ? `; and __fish_seen_subcommand_from ${command}`
            : names === ''
              ? ''
              : `; and not __fish_seen_subcommand_from ${names}`);
    return next.map(({ word, description, takesValue }) => {
      const what = word.startsWith('--')
        ? `-l ${word.slice(2)}${takesValue === true ? ' -r' : ''}`
        : `-f -a ${word}`;
      return `complete -c devcert -n '${when}' ${what} -d ${inFishQuotes(description)}`;
    });
  });
}

function powershell(all: readonly CommandWords[]): string[] {
  const entries = all.map(
    ({ words, next }) =>
      `    '${words.join(' ')}' = @(${next.map(({ word }) => `'${word}'`).join(', ')})`,
  );
  return [
    'Register-ArgumentCompleter -Native -CommandName devcert -ScriptBlock {',
    '  param($current, $line, $cursor)',
    '  $offered = @{',
    ...entries,
    '  }',
    "  $path = ''",
    '  foreach ($element in $line.CommandElements | Select-Object -Skip 1) {',
    '    if ($element.Extent.EndOffset -ge $cursor) { break }',
    '    $longer = "$path $element".Trim()',
    '    if ($offered.ContainsKey($longer)) { $path = $longer }',
    '  }',
    '  $offered[$path] | Where-Object { $_ -like "$current*" } | ForEach-Object {',
    "    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)",
    '  }',
    '}',
  ];
}
