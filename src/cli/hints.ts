/** What could be done, as data, and its words: the one place where commands and options are written as typed. */

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

/**
 * The text as the user reads it.
 *
 * @param as what each step is to be, where that is known better than where the text was made.
 */
export function formatText(text: Text, as = (step: Step): Step => step): string {
  if (typeof text === 'string') return text;
  if (isList(text)) return text.map((part) => formatText(part, as)).join('');
  const { command, ca, ...parts } = as(text);
  const typed = Object.entries({ ...parts, ca }).flatMap(([part, value]) => partWords(part, value));
  const program =
    command === undefined ? [] : ['devcert', ...(command === 'issue' ? [] : [command])];
  return [...program, ...typed].join(' ');
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
