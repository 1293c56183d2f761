/** What a program hands to the library, checked: JavaScript has no types that would refuse it. Pure. */
import type { Lists } from '../commands/context.ts';
import { DevcertError, isObject } from '../errors.ts';

/** What an option may be. */
export type Kind = 'text' | 'list' | 'boolean' | 'text or boolean' | 'number' | 'days' | 'object';

/** The kind of every option of a function: one that is forgotten here does not compile. */
export type Spec<T> = Readonly<Record<keyof T, Kind>>;

/** Options that several functions have. */
export const leafSpec = {
  client: 'boolean',
  peer: 'boolean',
  cn: 'text',
  key: 'text',
  days: 'days',
  webtransport: 'boolean',
} as const;
export const storeSpec = {
  ca: 'text',
  stores: 'text',
  machine: 'boolean',
  nssPasswordFile: 'text',
} as const;

/** A text. @throws DevcertError `usage`. */
export function textOf(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  throw wrongType(what, 'a string');
}

/** The name of an authority, or undefined for the default one. @throws DevcertError `usage`. */
export function nameOf(value: unknown): string | undefined {
  return value === undefined ? undefined : textOf(value, 'the name');
}

/** Texts in a list; one alone is a list of one, not of its letters. @throws DevcertError `usage`. */
export function textsOf(value: unknown, what: string): readonly string[] {
  const all: unknown[] = Array.isArray(value) ? value : [value];
  if (all.every(isText)) return all;
  throw wrongType(what, 'a string or an array of strings');
}

/** Functions that receive progress or are asked questions, all optional. @throws DevcertError `usage`. */
export function listenerOf<T extends object>(listener: T): T {
  return hooksOf(listener, calls, 'the listener');
}

/** Those of an object's members that have these names are functions, or left out. @throws DevcertError `usage`. */
export function hooksOf<T extends object>(hooks: T, names: readonly string[], what: string): T {
  for (const [name, value] of entriesOf(hooks, what))
    if (names.includes(name) && value !== undefined && typeof value !== 'function')
      throw wrongType(`"${name}"`, 'a function');
  return hooks;
}

const calls: readonly string[] = [
  ...['announce', 'ask', 'progress', 'password', 'confirm', 'confirmInstall'],
  ...['failed', 'loaded'],
];

/** Options whose kinds are told elsewhere. @throws DevcertError `usage` for what is no object. */
export function optionsOf<T extends object>(options: T): T {
  entriesOf(options, 'the options');
  return options;
}

/** Options of these kinds, each list as one. @throws DevcertError `usage`. */
export function checked<T extends object>(options: T, spec: Spec<T>): Lists<T> {
  const lists: Record<string, readonly string[]> = {};
  const kinds: Readonly<Record<string, Kind>> = spec;
  for (const [name, value] of entriesOf(options, 'the options')) {
    // What is not in it is passed over, as everywhere in JavaScript.
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined || value === undefined) continue;
    if (kind === 'list') lists[name] = textsOf(value, `"${name}"`);
    else if (!isOf[kind](value)) throw wrongType(`"${name}"`, words[kind]);
  }
  return { ...options, ...lists } as Lists<T>;
}

/** The error for an argument of another type. */
export function wrongType(what: string, wanted: string): DevcertError {
  return new DevcertError('usage', `${what}: not ${wanted}`, {
    hint: `pass ${wanted}; the types of the package say which function takes what`,
  });
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown) => typeof value === 'number' && Number.isFinite(value);
const isOf: Readonly<Record<Exclude<Kind, 'list'>, (value: unknown) => boolean>> = {
  text: isText,
  boolean: (value) => typeof value === 'boolean',
  'text or boolean': (value) => isText(value) || typeof value === 'boolean',
  number: isNumber,
  days: (value) => isText(value) || isNumber(value),
  object: isObject,
};
const words: Readonly<Record<Exclude<Kind, 'list'>, string>> = {
  text: 'a string',
  boolean: 'true or false',
  'text or boolean': 'a string, true or false',
  number: 'a number',
  days: 'a number of days',
  object: 'an object',
};

function entriesOf(value: unknown, what: string): [string, unknown][] {
  if (isObject(value)) return Object.entries(value);
  throw wrongType(what, 'an object');
}
