/** What a program hands to the library, checked: JavaScript has no types that would refuse it. Pure. */
import { DevcertError } from './errors.ts';

/** Options that are lists of texts; `client` is one of `mtls` alone, and true or false elsewhere. */
const lists: readonly string[] = ['client', 'serverNames', 'permit'];
const texts: readonly string[] = [
  ...['ca', 'cn', 'key', 'out', 'dir', 'certFile', 'keyFile', 'caFile'],
  ...['password', 'file', 'alias'],
];
const booleans: readonly string[] = ['peer', 'force', 'der', 'clientCerts', 'plainCn', 'trust'];

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
  const isText = (it: unknown): it is string => typeof it === 'string';
  if (all.every(isText)) return all;
  throw wrongType(what, 'a string or an array of strings');
}

/** The options, an object whose members are of the kinds that they have everywhere; one name alone is a list. @throws DevcertError `usage`. */
export function checked<T extends object>(options: T): T {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw wrongType('the options', 'an object');
  for (const [name, value] of Object.entries(given) as [string, unknown][]) {
    if (value === undefined) continue;
    if (texts.includes(name)) textOf(value, `"${name}"`);
    if (booleans.includes(name) && typeof value !== 'boolean')
      throw wrongType(`"${name}"`, 'true or false');
  }
  const named = (Object.entries(given) as [string, unknown][])
    .filter(([name, value]) => lists.includes(name) && value !== undefined)
    .filter(([, value]) => typeof value !== 'boolean')
    .map(([name, value]) => [name, textsOf(value, `"${name}"`)] as const);
  return named.length === 0 ? options : { ...options, ...Object.fromEntries(named) };
}

/** The error for an argument of another type. */
export function wrongType(what: string, wanted: string): DevcertError {
  return new DevcertError('usage', `${what}: not ${wanted}`, {
    hint: `pass ${wanted}; the types of the package say which function takes what`,
  });
}
