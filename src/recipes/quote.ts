/** Paths as string literals of configuration languages: exact, or an error. Pure. */
import { quoteForPosix } from '../../platform/quote.ts';
import { DevcertError, printable, say } from '../errors.ts';

/** JavaScript, TypeScript, JSON, YAML (double-quoted), TOML, C#, Python, Go and Rust read these alike. */
export function doubleQuoted(path: string): string {
  return JSON.stringify(assertExpressible(path, 'this file'));
}

/** For a POSIX shell: without quotes where nothing in it is special. */
export function shell(path: string): string {
  return quoteForPosix(assertExpressible(path, 'a command line'));
}

/** For PowerShell, in which curly quotes are quotes, too. */
export function powershell(path: string): string {
  assertExpressible(path, 'a command line');
  return /^\w[\w+=:./-]*$/.test(path) ? path : `'${path.replace(/['\u2018-\u201b]/g, '$&$&')}'`;
}

/** For nginx, which has no way to write a `$` in a path. */
export function nginx(path: string): string {
  return backslashed(assertExpressible(path, 'nginx', /\$/));
}

/** For Apache httpd, which replaces `${…}` wherever it stands. */
export function apache(path: string): string {
  return backslashed(assertExpressible(path, 'Apache', /\$\{/));
}

/** For HAProxy: nothing is special between single quotes, and a quote stands outside of them. */
export function haproxy(path: string): string {
  return `'${assertExpressible(path, 'HAProxy').replaceAll("'", "'\\''")}'`;
}

/** For a Caddyfile, where braces are placeholders, and a backslash before a quote cannot be written. */
export function caddy(path: string): string {
  return `"${assertExpressible(path, 'Caddy', /[{}]|\\(?:"|$)/).replaceAll('"', '\\"')}"`;
}

/** For `postgresql.conf`. */
export function postgres(path: string): string {
  return `'${assertExpressible(path, 'PostgreSQL').replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** For `redis.conf`. */
export function redis(path: string): string {
  return backslashed(assertExpressible(path, 'Redis'));
}

/** For MySQL's and MariaDB's option files, which know escapes and have a `#` begin a comment anywhere. */
export function mysql(path: string): string {
  return backslashed(assertExpressible(path, 'MySQL', /"|#/));
}

/** For `mosquitto.conf`: the rest of the line, with no quoting at all. */
export function mosquitto(path: string): string {
  return assertExpressible(path, 'Mosquitto', /^\s|\s$/);
}

/** For PHP and Ruby, between single quotes. */
export function singleQuoted(path: string): string {
  return backslashed(assertExpressible(path, 'this file'), "'");
}

/** For a value in a connection string of libpq. */
export function libpq(path: string): string {
  return backslashed(path, "'");
}

/** For a Docker Compose file: YAML, in which `$` begins a variable. */
export function compose(path: string): string {
  return doubleQuoted(path).replaceAll('$', '$$$$');
}

/** For a value in a `.properties` file: ASCII alone, because readers differ in the encoding they expect. */
export function properties(path: string): string {
  const value = assertExpressible(path, 'a .properties file', /\$\{/);
  return escaped(value.replaceAll('\\', '\\\\').replace(/^ /, '\\ '));
}

/** For Java: everything but ASCII as `\u00e4`. */
export function escaped(text: string): string {
  return text.replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** For an attribute in an XML file, with its quotes. */
export function xml(path: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '"': '&quot;' };
  return `"${assertExpressible(path, 'XML').replace(/[&<"]/g, (character) => entities[character] ?? character)}"`;
}

/**
 * The path itself, if `language` can express it.
 *
 * @param forbidden what it cannot.
 * @throws DevcertError `usage`.
 */
export function assertExpressible(path: string, language: string, forbidden?: RegExp): string {
  // A line feed would end the directive, and begin another; what cannot be seen, or turns the reading
  // direction, would hide what a file says.
  if (!/[\u0000-\u001f]/.test(path) && printable(path) === path && forbidden?.test(path) !== true)
    return path;
  throw new DevcertError('usage', `${language} has no way to write "${printable(path)}"`, {
    hint: say`put the files into a folder with a simpler name: ${{ command: 'issue', out: 'DIR' }}, then recipe ${{ dir: 'DIR' }}`,
  });
}

function backslashed(path: string, quote = '"'): string {
  return quote + path.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`) + quote;
}
