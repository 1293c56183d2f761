/** PEM, the textual encoding of RFC 7468: strict when written, tolerant of what surrounds it when read. */
import { DevcertError } from '../errors.ts';

/** One block. */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, … */
  readonly label: string;
  /** The decoded body; encrypted if the headers say so; empty for blocks of OpenPGP (`PGP …`). */
  readonly der: Buffer;
  /** RFC 1421 headers (`Proc-Type`, `DEK-Info`); empty in most. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Gets the error of a part that cannot be read, by its label or alias. Unless it throws, the part is left out. */
export type Damaged = (name: string | undefined, error: DevcertError) => void;

/** Nothing is left out: the error is thrown. */
export function raise(_: unknown, error: DevcertError): never {
  throw error;
}

/** Leaves out what is damaged, where that is told elsewhere. */
export const passOver: Damaged = () => undefined;

/** One PEM block with lines of 64 characters and a final newline. */
export function encodePem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/**
 * Every block of a PEM text, in its order; none if there is none.
 *
 * Text around the blocks, any line ends, spaces around lines, a byte order mark and UTF-16 (what
 * Windows PowerShell makes of redirected output) are taken. Linear in the length of the input.
 * Throws `invalid-input` for more than {@link MAX_BLOCKS}.
 *
 * @param damaged for a block that is damaged or does not end.
 */
export function decodePem(input: Buffer | string, damaged: Damaged = raise): PemBlock[] {
  const blocks: PemBlock[] = [];
  let count = 0;
  let open: { label: string; lines: string[] } | undefined;
  const close = (problem?: string) => {
    const { label, lines } = open ?? { label: '', lines: [] };
    open = undefined;
    const decoded = problem ?? decodeBlock(label, lines);
    if (typeof decoded === 'string') damaged(label, damage(label, decoded));
    else blocks.push(decoded);
  };
  for (const line of linesOf(typeof input === 'string' ? input : decodeText(input))) {
    const [, edge, label = ''] = line.startsWith('-----') ? (boundary.exec(line) ?? []) : [];
    if (edge === undefined) open?.lines.push(line);
    else if (edge === 'BEGIN') {
      if (open !== undefined) close(open.label === PGP_TEXT ? undefined : 'it does not end');
      if (++count > MAX_BLOCKS)
        throw new DevcertError('invalid-input', `cannot read more than ${MAX_BLOCKS} PEM blocks`, {
          hint: 'split the file',
        });
      open = { label, lines: [] };
    } else if (open !== undefined) {
      close(open.label === label ? undefined : 'its last line names something else');
    }
  }
  if (open !== undefined) close('it does not end');
  return blocks;
}

/** True if the text or file holds the beginning of a PEM block. */
export function isPem(input: Buffer): boolean {
  return (isUtf16(input) ? input.toString('utf16le') : input).includes('-----BEGIN ');
}

// Labels are upper-case words and digits (RFC 7468 section 3): `X509 CRL`, `PKCS7`.
const boundary = /^-----(BEGIN|END) ([A-Z0-9][A-Z0-9 .#-]{0,63})-----$/;

function* linesOf(text: string): Generator<string> {
  // A lone CR ends a line, too: old Macs, and some clipboards. Empty lines mean nothing.
  const lines = text.replace(/[\r\n]+/g, '\n');
  for (let start = 0; start < lines.length;) {
    const newline = lines.indexOf('\n', start);
    const end = newline === -1 ? lines.length : newline;
    const line = lines.slice(start, end).trim();
    if (line !== '') yield line;
    start = end + 1;
  }
}

/** The text of a file, byte for byte unless it is UTF-16; without a byte order mark. */
export function decodeText(input: Buffer): string {
  if (isUtf16(input)) return input.toString('utf16le', 2);
  const hasMark = input[0] === 0xef && input[1] === 0xbb && input[2] === 0xbf;
  return input.toString('latin1', hasMark ? 3 : 0);
}

function isUtf16(input: Buffer): boolean {
  return input[0] === 0xff && input[1] === 0xfe;
}

/** Lists of public roots have some 150; a thousand on the slowest curve are read in seconds. */
const MAX_BLOCKS = 1000;
/** OpenSSL writes two; certificates from mail and key bags have a few more. */
const MAX_HEADERS = 100;

/** A text that is signed, which ends where its signature begins (RFC 9580 7). */
const PGP_TEXT = 'PGP SIGNED MESSAGE';

/** The block, or what is wrong with it. */
function decodeBlock(label: string, lines: readonly string[]): PemBlock | string {
  // OpenPGP's armor has a checksum of its own below the body (RFC 9580 6), and nobody here looks into it.
  if (label.startsWith('PGP ')) return { label, der: Buffer.alloc(0), headers: new Map() };
  const headers = new Map<string, string>();
  let first = 0;
  for (; lines[first]?.includes(':') === true; first++) {
    if (first === MAX_HEADERS) return `it has more than ${MAX_HEADERS} headers`;
    const line = lines[first] ?? '';
    const colon = line.indexOf(':');
    headers.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  // Spaces in a line, as some clipboards make them, mean nothing to OpenSSL either.
  const body = lines
    .slice(first)
    .join('')
    .replace(/[ \t]+/g, '');
  if (body.length === 0) return 'it is empty';
  const der = Buffer.from(body, 'base64');
  // Node skips whatever is not base64; only what comes back the same was all base64.
  if (der.toString('base64') !== body) return 'its body is not base64';
  return { label, der, headers };
}

function damage(label: string, problem: string): DevcertError {
  return new DevcertError('invalid-input', `cannot read the PEM block "${label}": ${problem}`, {
    hint: 'copy the file again, from its first "-----BEGIN" to its last "-----END" line',
  });
}
