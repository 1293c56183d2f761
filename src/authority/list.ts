/** A list that an authority keeps in its folder, as versioned JSON: what it issued, what was exported. */
import { join } from 'node:path';
import { DevcertError } from '../errors.ts';
import { shellCommand } from '../filesystem.ts';
import { readIfThere, replaceFiles } from '../files.ts';
import { withLock } from '../lock.ts';

/** One kind of list. */
export interface ListKind<T> {
  /** Of the file: `inventory.json`. */
  readonly file: string;
  /** The field of the document that holds the items. */
  readonly field: string;
  /** True if these are the fields of an item, as far as anything relies on them. */
  readonly isItem: (fields: Readonly<Record<string, unknown>>) => boolean;
  /** Never there: it ties the kind to its items. */
  readonly item?: T;
}

const VERSION = 1;
/** Some hundred bytes for each of tens of thousands of items. */
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * Every item, oldest first; none if there is no file.
 *
 * @throws DevcertError `invalid-authority` if the file is damaged or from a newer devcert, `file`.
 */
export function readList<T>(folder: string, kind: ListKind<T>): T[] {
  const file = join(folder, kind.file);
  const text = readIfThere(file, { maxBytes: MAX_BYTES })?.toString();
  if (text === undefined) return [];
  try {
    const items = itemsOf(JSON.parse(text), kind);
    if (items !== undefined) return items;
  } catch {
    // Not JSON: the same answer as for JSON of another shape, below.
  }
  throw new DevcertError('invalid-authority', `"${file}" is damaged, or a newer devcert wrote it`, {
    hint: `move it away, what it lists stays valid: ${shellCommand('move', file, `${file}.old`)}`,
  });
}

/** Writes the whole list. Under the folder's lock, with items that were read under the same hold of it. */
export function writeList<T>(folder: string, kind: ListKind<T>, items: readonly T[]): void {
  const content = { version: VERSION, [kind.field]: items };
  const data = `${JSON.stringify(content, null, 2)}\n`;
  replaceFiles([{ path: join(folder, kind.file), data, mode: 0o600 }]);
}

/** Takes items off the list, if there are such; takes the folder's lock for it. */
export async function dropFromList<T>(
  folder: string,
  kind: ListKind<T>,
  isDropped: (item: T) => boolean,
): Promise<void> {
  if (!readList(folder, kind).some(isDropped)) return;
  await withLock(folder, () => {
    const kept = readList(folder, kind).filter((item) => !isDropped(item));
    writeList(folder, kind, kept);
  });
}

function itemsOf<T>(content: unknown, { field, isItem }: ListKind<T>): T[] | undefined {
  if (!isObject(content) || content.version !== VERSION) return undefined;
  const items = content[field];
  const whole = Array.isArray(items) && items.every((item) => isObject(item) && isItem(item));
  return whole ? (items as T[]) : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
