/** JSON text that others wrote, changed in one place: all else stays byte for byte. Pure. */

/**
 * The text of an object with a member set: in its place if it is there, else behind the others, with the
 * indentation and line ends of the text.
 *
 * @param text JSON that was parsed to an object, and along `path` to objects.
 * @param path the names down to the member; of those above it only the last object may be missing.
 */
export function withMember(text: string, path: readonly string[], value: unknown): string {
  const style = {
    end: text.includes('\r\n') ? '\r\n' : '\n',
    indent: /^([ \t]+)"/m.exec(text)?.[1] ?? '  ',
  };
  return edited(text, path, value, style, 1);
}

interface Style {
  readonly end: string;
  readonly indent: string;
}

function edited(
  text: string,
  [name = '', ...below]: readonly string[],
  value: unknown,
  style: Style,
  level: number,
): string {
  const { members, last, isEmpty } = spansOf(text);
  const there = members.get(name);
  const [next] = below;
  const isFlat = !isEmpty && !text.trimEnd().includes('\n');
  const { end, indent } = style;
  const written = (of: unknown) =>
    isFlat
      ? JSON.stringify(of)
      : JSON.stringify(of, null, indent).replaceAll('\n', end + indent.repeat(level));
  if (there !== undefined) {
    const [from, to] = there;
    const old = text.slice(from, to);
    const now = next === undefined ? written(value) : edited(old, below, value, style, level + 1);
    return text.slice(0, from) + now + text.slice(to);
  }
  const made = written(next === undefined ? value : { [next]: value });
  if (isFlat) {
    const gap = /":\s/.test(text) ? ' ' : '';
    return `${text.slice(0, last)},${gap}${JSON.stringify(name)}:${gap}${made}${text.slice(last)}`;
  }
  const line = `${end}${indent.repeat(level)}${JSON.stringify(name)}: ${made}`;
  return isEmpty
    ? `${text.slice(0, last)}${line}${end}${indent.repeat(level - 1)}${text.slice(last).trimStart()}`
    : `${text.slice(0, last)},${line}${text.slice(last)}`;
}

interface Spans {
  /** From and to where the value of each member stands. */
  readonly members: ReadonlyMap<string, readonly [number, number]>;
  /** Where the last thing in front of the closing brace ends. */
  readonly last: number;
  readonly isEmpty: boolean;
}

/** Strings, punctuation, and all other words of JSON. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

/** @param text valid JSON, an object, and nothing but space behind it. */
function spansOf(text: string): Spans {
  const members = new Map<string, readonly [number, number]>();
  let depth = 0;
  let name: string | undefined;
  let from = -1;
  let before = { token: '', end: 0 };
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '}' || token === ']') depth -= 1;
    if (name !== undefined && from === -1) from = index;
    const isNext = depth === 1 && token === ',';
    if (name !== undefined && (isNext || depth === 0)) {
      members.set(name, [from, before.end]);
      name = undefined;
    }
    if (depth === 0 && token === '}') break;
    if (token === '{' || token === '[') depth += 1;
    if (depth === 1 && token === ':') {
      name = JSON.parse(before.token) as string;
      from = -1;
    }
    before = { token, end: index + token.length };
  }
  return { members, last: before.end, isEmpty: members.size === 0 };
}
