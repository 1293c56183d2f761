/** What could be done, as data, and its words: the one place where commands and options are written out. */

/** Text with {@link Step}s in it; a string alone where it says nothing of devcert's commands and options. */
export type Text = string | Step | readonly Text[];

/** One thing to type. Its parts are written in their order, `ca` last; what is undefined is left out. */
export interface Step extends Partial<Record<OptionName, OptionValue>> {
  /** Without one: options to add to what was typed. */
  readonly command?: CommandName;
  /** What the command is about: names, files, an authority. */
  readonly names?: string | readonly string[] | undefined;
}

/** True: the option alone. False: its negation. */
type OptionValue = string | boolean | readonly string[] | undefined;

type CommandName =
  | Each<'issue install uninstall status check doctor inspect verify csr sign export recipe mtls list renew run env init'>
  | `ca ${Each<'create export import list protect remove replace show unprotect'>}`
  | `hosts ${Each<'add list remove'>}`
  | `mtls ${Each<'check rotate'>}`;

/** As the library's options are called, which are the command's in camel case. */
type OptionName =
  | Each<'add alias all as'>
  | Each<'ca caFile caPasswordFile certFile client clientCa clientCerts clientsOnly cn constraints'>
  | Each<'days der dir dryRun encrypt file finish force format http'>
  | Each<'import issue keepKey key keyFile keyPasswordFile legacy machine name nssPasswordFile'>
  | Each<'out passphrase password passwordFile passwordStdin peer permit purge'>
  | Each<'remove root serverCa'>
  | Each<'orphans script sealed sshAgent stores trust trustOnly withKey withPublicRoots yes'>
  | Each<'at crl purpose roots starttls timeout webtransport'>;

type Each<Words> = Words extends `${infer First} ${infer Rest}` ? First | Each<Rest> : Words;

/** Text with what could be typed in it: `` say`leave ${{ key: true }} out, or begin anew: ${{ command: 'csr' }}` ``. */
export function say(parts: TemplateStringsArray, ...between: readonly Text[]): Text {
  return parts.flatMap((part, index) => [part, between[index] ?? '']);
}

/** The same as the user reads it. */
export function worded(parts: TemplateStringsArray, ...between: readonly Text[]): string {
  return formatText(say(parts, ...between));
}

/** The same text with other steps in it, where they are known better than where the text was made. */
export function mapSteps(text: Text, as: (step: Step) => Text): Text {
  if (typeof text === 'string') return text;
  return isList(text) ? text.map((part) => mapSteps(part, as)) : as(text);
}

/** The text as the user of the command reads it. */
export function formatText(text: Text): string {
  if (typeof text === 'string') return text;
  if (isList(text)) return text.map(formatText).join('');
  const { command, ca, ...parts } = text;
  const typed = Object.entries({ ...parts, ca }).flatMap(([part, value]) => partWords(part, value));
  const program =
    command === undefined ? [] : ['devcert', ...(command === 'issue' ? [] : [command])];
  return [...program, ...typed].join(' ');
}

/** Where a program has another way than the option that is typed: passwords are texts, or asked for. */
const INSTEAD: Readonly<Partial<Record<OptionName, string>>> = {
  ...{ passwordFile: "{ password: '…' }", passwordStdin: "{ password: '…' }" },
  ...{ keyPasswordFile: "{ keyPassword: '…' }", caPasswordFile: 'a listener with password()' },
  import: 'the sources',
};

/** Options that are true or false; `true` of another one stands where a text speaks of it. */
const FLAGS: ReadonlySet<string> = new Set<OptionName>([
  ...(['client', 'clientsOnly', 'constraints', 'der', 'dryRun', 'encrypt', 'finish'] as const),
  ...(['force', 'http', 'issue', 'keepKey', 'legacy', 'machine', 'orphans', 'passphrase'] as const),
  ...(['peer', 'purge', 'sshAgent', 'trust', 'trustOnly', 'webtransport', 'withKey'] as const),
  ...(['withPublicRoots', 'yes'] as const),
]);

/**
 * The same as a program reads it that called a function: options as what it passes, `{ force: true }`. A command is
 * one in both.
 *
 * @param isAboutNames what issues for names is said by the names, which were passed.
 */
export function calledText(text: Text, isAboutNames = false): string {
  if (typeof text === 'string') return text;
  if (isList(text)) return text.map((part) => calledText(part, isAboutNames)).join('');
  const { command, names } = text;
  if (isAboutNames && command === 'issue' && names !== undefined && Object.keys(text).length === 2)
    return valueWords(names);
  if (command !== undefined) return formatText(text);
  const given = Object.entries(text) as [string, OptionValue][];
  const members = given.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
  const [first] = members;
  const alone = first && members.length === 1 ? aloneWords(first.name, first.value) : undefined;
  return alone ?? `{ ${members.map((it) => `${it.name}: ${valueWords(it.value)}`).join(', ')} }`;
}

/** An option that is not said by its value. */
function aloneWords(name: string, value: Exclude<OptionValue, undefined>): string | undefined {
  if (name === 'password' && value === false) return "{ password: '' }";
  return (
    INSTEAD[name as OptionName] ?? (value === true && !FLAGS.has(name) ? `"${name}"` : undefined)
  );
}

function valueWords(value: Exclude<OptionValue, undefined>): string {
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return `[${value.map(valueWords).join(', ')}]`;
  // One of several, a number, or a path in quotes for a shell.
  const parts = value.split(' | ').map((it) => it.replace(/^"(.*)"$/, '$1'));
  return parts.map((it) => (/^\d+$/.test(it) ? it : `'${it}'`)).join(' | ');
}

function partWords(part: string, value: OptionValue): readonly string[] {
  if (value === undefined) return [];
  const option = part.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (typeof value === 'boolean') return [`--${value ? '' : 'no-'}${option}`];
  return [value].flat().flatMap((it) => (part === 'names' ? [it] : [`--${option}`, it]));
}

function isList(text: Step | readonly Text[]): text is readonly Text[] {
  return Array.isArray(text);
}
