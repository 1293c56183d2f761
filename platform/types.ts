/**
 * The contracts between devcert and a machine. Everything that differs between machines is an
 * argument built from these; an adapter never looks at `process` itself.
 */
import type { Text } from '../src/errors.ts';

/** One child process, as data. Built by pure functions, run by a {@link Runner}, printed by `--dry-run`. */
export interface Command {
  /**
   * Absolute path, or a bare name that was found on this machine. Never a shell. What runs as root is
   * looked for by {@link Host.findForRoot}.
   */
  readonly file: string;
  readonly args: readonly string[];
  /**
   * Written to standard input, which is empty otherwise. What runs as root gets contents this way alone: a
   * file in the user's home is one that root may not read (NFS, gocryptfs) or that changes meanwhile.
   */
  readonly input?: string | Buffer;
  /** Needs root: run through sudo, doas or run0 unless the process is root already. */
  readonly elevated?: boolean;
  /** The tool may ask the user something, in a dialog or at the terminal: it gets more time. */
  readonly mayPrompt?: boolean;
  /**
   * What the user is about to be asked, said before a dialog that other windows may hide: `macOS will
   * ask for your password`. One line, no full stop.
   */
  readonly prompt?: string;
  /**
   * Ends only when a person answers a dialog of the system: not started in CI or without a desktop, so that
   * it cannot hang there. It needs no terminal.
   */
  readonly needsPerson?: boolean;
  /** Takes away what commands before it made: run even after one of them failed. */
  readonly cleansUp?: boolean;
  /** Output with which a failure is as good as success: what it was to remove is gone already. */
  readonly tolerates?: RegExp;
  /** Added to the inherited environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Defaults: 15 s; 300 s if `mayPrompt` or `elevated`. */
  readonly timeoutMs?: number;
}

/** How a child process ended. A {@link Runner} never throws for any of these. */
export interface CommandResult {
  /** Undefined if the process never started or was killed. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /**
   * Set if there is no exit code to speak of, or the command itself never ran:
   * `not-found`: no such program. `timeout`: killed after its time limit. `not-elevated`: root is
   * needed and there is no way to become it here (no sudo, or no terminal to ask on).
   * `elevation-refused`: sudo (doas, run0) said no. `unsafe`: it would run as root, and somebody else than
   * root can change the program. `nobody`: a person is needed to answer it and none is
   * here. `killed`: ended by a signal.
   */
  readonly failure?:
    'not-found' | 'timeout' | 'not-elevated' | 'elevation-refused' | 'unsafe' | 'nobody' | 'killed';
}

/** Runs one command to its end within its time limit. */
export type Runner = (command: Command) => Promise<CommandResult>;

/** One machine and the person at it, as far as devcert looks at them. */
export interface Host {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute path; undefined if there is none (`HOME` unset and no account entry). */
  readonly home: string | undefined;
  /** Login name, as the system gives it: may hold any character. */
  readonly user: string;
  /** Machine name, as the system gives it: may hold any character. */
  readonly hostname: string;
  /** Release of the kernel: `6.6.87.2-microsoft-standard-WSL2`. */
  readonly kernel: string;
  /** Effective user id; undefined on Windows. */
  readonly uid: number | undefined;
  /** True if the process may do everything already: uid 0. Never on Windows, where tools say what they may not. */
  readonly isRoot: boolean;
  /** True if there is a person at a terminal who can be asked: false with `CI` set. */
  readonly interactive: boolean;
  /** `/` except in tests, where a folder stands for the file system: prefix of every system path read. */
  readonly sysroot: string;
  now(): Date;
  /** Absolute path of a program on `PATH` (and `/usr/sbin`, `/sbin` on Unix), or undefined. */
  find(program: string): string | undefined;
  /**
   * Absolute path of the first such program that may run as root, because nobody but root can change it;
   * undefined if there is none. An absolute path is judged itself.
   */
  findForRoot(program: string): string | undefined;
  readonly run: Runner;
}

/** A root certificate on its way into or out of stores. Identity is `sha256`, never a name. */
export interface Root {
  /** One PEM certificate. */
  readonly pem: string;
  readonly der: Buffer;
  /** Absolute path of a file that holds `pem`. */
  readonly file: string;
  /** SHA-256 of the DER: 64 lower-case hex digits without colons. */
  readonly sha256: string;
  /** SHA-1 of the DER, for tools that know nothing newer: 40 lower-case hex digits. */
  readonly sha1: string;
  /** Subject common name: starts with `devcert root` for our own. */
  readonly commonName: string;
  /**
   * Optional: a server's certificate below this root, for stores that answer questions about a
   * certificate only. Its key exists nowhere. Undefined if the authority cannot sign.
   */
  probe?(now: Date): Promise<Probe | undefined>;
}

/** A certificate that a client accepts exactly if it trusts the root. */
export interface Probe {
  /** A DNS name in it. */
  readonly name: string;
  /** The certificate, then those between it and the root, each PEM. */
  readonly chain: readonly string[];
}

/** What a store says of a root when it is asked. */
export type StoreState =
  /** `note`: what some clients of it need besides, one line. */
  | { readonly state: 'trusted'; readonly note?: string }
  | { readonly state: 'absent' }
  /** The root is there, yet not (or not everywhere) trusted; or it went and traces stayed. `reason` says what. */
  | { readonly state: 'partial'; readonly reason: string }
  /**
   * The store cannot be asked. `needed` is true where that is a failure (a browser is here and its
   * database is locked, or the tool for it is missing) and false where there is simply nothing to do.
   */
  | {
      readonly state: 'unavailable';
      readonly reason: string;
      readonly hint?: Text;
      readonly needed: boolean;
      /** It does not exist yet, so nothing is in it and nothing is to be removed. */
      readonly empty?: boolean;
      /** The program that is missing, if that is all: what `hint` says brings it. */
      readonly lacks?: string;
      /** What removes the root there, typed by hand, where it may be trusted and cannot be reached from here. */
      readonly byHand?: string;
    };

/** The words that `--stores` takes. */
export type StoreKind = 'system' | 'windows' | 'nss' | 'java' | 'simulator';

/**
 * One trust store: the system's, one NSS database, one Java `cacerts`.
 *
 * Duties of an implementer: `inspect` asks the store itself, changes nothing, never prompts, needs
 * no root where the store can be read without, and never throws for a store that is damaged,
 * locked or missing a tool: that is `unavailable`. The plans are data: they may look, and change
 * nothing. Running a plan twice does no harm. Other people's entries are never touched.
 */
export interface TrustStore {
  readonly kind: StoreKind;
  /** For people: `Debian system store`, `Firefox profile "default-esr"`, `Java 17`. */
  readonly name: string;
  /** The path (or other address) that tells two stores of one kind apart. */
  readonly location: string;
  /** Whose it is, where the system has one for the user and one for the machine. */
  readonly scope?: 'user' | 'machine';
  /** What to restart before a change is seen, if anything: `Firefox`. */
  readonly restart?: string;
  /** The program without which it cannot be made to trust a root, if it is missing here. */
  readonly lacks?: MissingProgram;
  inspect(root: Root): Promise<StoreState>;
  /** The commands that make the store trust the root. Called only if it does not yet. */
  planInstall(root: Root): Promise<readonly Command[]>;
  /**
   * The commands that remove every trace of the root, whatever state it is in; none if there is none.
   * Also what clears up after an install that failed half-way.
   */
  planUninstall(root: Root): Promise<readonly Command[]>;
  /**
   * Optional: DER of the self-issued authorities in it whose subject has this organization, trusted or not,
   * each once. Changes nothing and never prompts; throws `store` or gives none if it cannot be asked.
   * Without it nobody can tell whose its entries are: the Windows beside a Linux in WSL has roots of a
   * devcert of its own.
   */
  list?(organization: string): Promise<readonly Buffer[]>;
  /**
   * Optional: turns a command's failure into words (`the profile has a primary password`) with the
   * next thing to do. Without it, or if it gives nothing, the tool's own last line is shown.
   */
  explain?(command: Command, result: CommandResult): Explanation | undefined;
}

/** A program that is not installed. */
export interface MissingProgram {
  readonly program: string;
  /** What brings it. */
  readonly hint?: string;
}

/** A failure in words. */
export interface Explanation {
  readonly reason: string;
  readonly hint?: Text;
  /** True if the user said no. */
  readonly cancelled?: boolean;
}

/** What the user chose for all stores. */
export interface StoreOptions {
  /** For the whole machine instead of the user, where the system has both. */
  readonly machine?: boolean;
  /** File with the password of protected NSS databases. */
  readonly nssPasswordFile?: string;
}

/** How a finder looks. */
export interface FindOptions extends StoreOptions {
  /**
   * Where the system has a store for the user and one for the machine: both, the machine's first, and each
   * answers for itself alone. For whatever is to find a root wherever it was put.
   */
  readonly everywhere?: boolean;
}

/** One kind of store: finds those of its kind on a machine that can have it. One file per kind. */
export interface StoreFinder {
  readonly kind: StoreKind;
  /** The systems that can have it; any if left out. */
  readonly platforms?: readonly NodeJS.Platform[];
  /** False where its `platforms` can have it and this machine cannot: it is no kind of store there. */
  isHere?(host: Host): boolean;
  /** Installed into only if it is named in `--stores`; removed from always. */
  readonly onRequest?: true;
  /** Never throws for what the machine lacks. Called only where its `platforms` and `isHere` have it. */
  find(host: Host, options: FindOptions): Promise<readonly TrustStore[]>;
}
