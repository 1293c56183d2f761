/**
 * The project file: what a team's `devcert` does in a clone, `devcert.json` or `"devcert"` in package.json.
 * Written by whoever can write to the repository, so it chooses names and nothing that reaches out of the
 * project: no domain to permit, no authority, no path elsewhere, no program, no line of the hosts file.
 */
import { join } from 'node:path';
import { DevcertError, isObject, say, type Text } from '../errors.ts';
import { readIfThere } from '../disk/files.ts';
import { keyTypes } from '../keys.ts';
import { MAX_LEAF_DAYS, MAX_NAMES } from '../policy.ts';
import { branchLabel, worktreeLabel } from './checkout.ts';

/** What a project file may say. */
export interface ProjectFile {
  /** Absolute path. */
  readonly file: string;
  /** As written, `{branch}` and `{worktree}` filled in: still to be parsed as names. */
  readonly names: readonly string[];
  readonly key?: string;
  readonly days?: number;
}

/**
 * What the project file in the folder says.
 *
 * @returns undefined if there is none.
 * @throws DevcertError `invalid-input` for one that says anything else, or two that both say something; `file`.
 */
export function readProjectFile(folder: string): ProjectFile | undefined {
  const own = join(folder, 'devcert.json');
  const manifest = join(folder, 'package.json');
  const said = parse(own);
  const manifested = parse(manifest, true);
  const inManifest = isObject(manifested) ? manifested.devcert : undefined;
  if (said !== undefined && inManifest !== undefined)
    throw invalid(own, `package.json has a "devcert", too`, 'keep one of the two');
  if (said !== undefined) return checked(own, said, folder);
  return inManifest === undefined ? undefined : checked(manifest, inManifest, folder);
}

/** @param others true for a file of others, whose faults are theirs to tell */
function parse(file: string, others = false): unknown {
  const read = readJson(file);
  if (read !== undefined && read.value === undefined && !others)
    throw invalid(file, 'it is not JSON', example);
  return read?.value;
}

/** The text of a file, and what it says: undefined for one that is no JSON. Undefined if there is none. */
export function readJson(file: string): { text: string; value: unknown } | undefined {
  const text = readIfThere(file)?.toString();
  if (text === undefined) return undefined;
  try {
    return { text, value: JSON.parse(text.replace(/^\uFEFF/, '')) as unknown };
  } catch {
    return { text, value: undefined }; // what that means is told where it is asked
  }
}

/** What a parsed project file says. @throws DevcertError `invalid-input` for one that says anything else. */
export function checked(file: string, said: unknown, folder: string): ProjectFile {
  if (!isObject(said)) throw invalid(file, 'it is not an object', example);
  for (const member of Object.keys(said)) {
    if (known.has(member)) continue;
    throw FORBIDDEN.test(member)
      ? invalid(file, `a project file cannot say "${member}"`, {
          command: 'install',
          permit: 'corp.example',
        })
      : invalid(file, `there is no "${member}"`, `it may say ${[...known].join(', ')}`);
  }
  const { names, key, days } = said;
  const isNames = Array.isArray(names) && names.every((it) => typeof it === 'string');
  if (!isNames || names.length === 0 || names.length > MAX_NAMES)
    throw invalid(file, '"names" is not a list of names', example);
  if (key !== undefined && !(keyTypes as readonly unknown[]).includes(key))
    throw invalid(file, '"key" is not a type of key', keyTypes.join(' | '));
  const isDays = typeof days === 'number' && Number.isInteger(days) && days >= 1;
  if (days !== undefined && !(isDays && days <= MAX_LEAF_DAYS))
    throw invalid(file, `"days" is not a whole number from 1 to ${String(MAX_LEAF_DAYS)}`, example);
  return {
    file,
    names: names.map((name: string) => filled(name, folder)),
    key: key as string | undefined,
    days: days,
  };
}

const known = new Set(['$schema', 'names', 'key', 'days']);
/** What would reach beyond the project: said by name, so that nobody looks for the right spelling. */
const FORBIDDEN =
  /^(permit|constraints|ca|hosts|run|command|out|certFile|keyFile|stores|install)$/i;
const example: Text = say`an example: ${'{ "names": ["localhost", "api.test"] }'}`;

/** A name with the placeholders filled in: each checkout of a project has its own. */
function filled(name: string, folder: string): string {
  return name
    .replaceAll('{branch}', () => branchLabel(folder))
    .replaceAll('{worktree}', () => worktreeLabel(folder));
}

function invalid(file: string, why: string, hint: Text): DevcertError {
  return new DevcertError('invalid-input', `cannot use "${file}": ${why}`, { hint });
}
