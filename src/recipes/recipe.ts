/** What a recipe is: configuration for one server, with the paths of a certificate's files in it. */

/** Files a recipe may need, by the fixed names they have in the folder of a certificate. */
export type RecipeFile = 'cert.pem' | 'key.pem' | 'ca.pem' | 'keystore.p12' | 'truststore.p12';

/** What a recipe is rendered from. Paths are absolute but for {@link Recipe.committed}; on Windows they have forward slashes. */
export interface RecipeInput {
  /** The folder the files are in. */
  readonly dir: string;
  /** `cert.pem`: leaf and issuer, all that a server sends. */
  readonly cert: string;
  /** `key.pem`: PKCS#8. */
  readonly key: string;
  /** `ca.pem`: the root, for clients of this server. */
  readonly ca: string;
  /** Whose client certificates are let in: `trust.pem` if it is there, else `ca.pem`. */
  readonly trust: string;
  /** `keystore.p12`: key and chain. There only if the recipe needs it. */
  readonly keystore: string;
  /** `truststore.p12`: whose certificates are accepted. There only if the recipe needs it. */
  readonly truststore: string;
  /** The DNS names and IP addresses in the certificate; never empty. */
  readonly names: readonly string[];
  /** Demand a client certificate. */
  readonly clientCerts: boolean;
  /** Commands are typed into PowerShell. */
  readonly windows: boolean;
}

/** How a comment begins in a block's language; `<!--` ends in `-->`; undefined where there is none (JSON). */
export type CommentMark = '#' | '//' | '--' | '<!--' | undefined;

/** One file's content, or commands to run. */
export interface Block {
  /** The file to put it into, or `run`. */
  readonly title: string;
  readonly comment: CommentMark;
  /** Without a line feed at its end. */
  readonly text: string;
}

/**
 * What a recipe gives. Standard output is to be a file that works unchanged, so the first block is
 * printed as it stands and the others below it as comments in its language: where that language has
 * none (JSON), there is one block, and the rest is notes.
 */
export interface Rendered {
  readonly blocks: readonly [Block, ...Block[]];
  /** One line each, lower case, no full stop: what to know or to type next. */
  readonly notes: readonly string[];
}

/**
 * One recipe. Implementers: `render` is pure, quotes every path for its language
 * (see quote.ts; a path that cannot be expressed is a DevcertError `usage`), listens on 127.0.0.1 port 8443 or on
 * the usual TLS port of its protocol, and never serves the folder of the key.
 */
export interface Recipe {
  readonly name: string;
  /** One line, what it configures: `nginx in front of your server`. */
  readonly summary: string;
  /** What must be there besides `cert.pem` and `key.pem`, which every recipe is about. */
  readonly needs?: readonly RecipeFile[];
  /**
   * What must be there in addition for `--client-certs` (`trust.pem` or `ca.pem` must be anyway); false: there is
   * no such variant.
   */
  readonly needsForClients?: readonly RecipeFile[] | false;
  /** Its file goes into the repository: paths below the working directory are relative to that. */
  readonly committed?: true;
  /** With `--client-certs`, servers show each other their certificate: it has to be one for clients, too. */
  readonly peersForClients?: true;
  render(input: RecipeInput): Rendered;
}

/** Blocks of one language, by their titles. */
export function blocks(
  comment: CommentMark,
  texts: Readonly<Record<string, string>>,
): [Block, ...Block[]] {
  const all = Object.entries(texts).map(([title, text]): Block => ({ title, comment, text }));
  return all as [Block, ...Block[]];
}

/** Text of its lines; false leaves one out. */
export function lines(...parts: readonly (string | false | readonly string[])[]): string {
  return parts.flatMap((part) => (part === false ? [] : part)).join('\n');
}
