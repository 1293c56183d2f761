/** Where Java installations lie. */
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { namesIn, realPath, textIn } from './look.ts';
import type { Host } from './types.ts';

/** The password with which every `cacerts` is delivered; it protects nothing that is secret. */
export const PASSWORD = 'changeit';

/** One set of trusted authorities that a Java installation reads. */
export interface Jdk {
  /** Absolute path of the installation, links resolved. */
  readonly home: string;
  /** As its `release` file has it, or undefined. */
  readonly version: string | undefined;
  /** Absolute path of the key store, links resolved; undefined if the installation has none. */
  readonly keystore: string | undefined;
  /** Absolute path; undefined if it has none (a runtime made by jlink). */
  readonly keytool: string | undefined;
  /** Found by JAVA_HOME alone, and nothing in it can run Java. */
  readonly leftover: boolean;
}

/**
 * Every key store of every installation, each once however many installations share it (Debian and
 * Fedora give all of theirs one file). Never throws for what cannot be read.
 */
export function findJdks(host: Host): Jdk[] {
  const found = new Map<string, Jdk>();
  for (const { folder, origin } of candidates(host)) {
    for (const jdk of readJdk(folder, origin, host)) {
      const key = jdk.keystore ?? jdk.home;
      const known = found.get(key);
      if (known === undefined || rank(jdk, host) > rank(known, host)) found.set(key, jdk);
    }
  }
  return [...found.values()];
}

// Of several that share a key store: one with a keytool, best one that root may run.
function rank({ keytool }: Jdk, host: Host): number {
  if (keytool === undefined) return 0;
  return host.findForRoot(keytool) === undefined ? 1 : 2;
}

/** `folder`: in a folder of installations. `path`: a program's own folder, which may be anything. */
type Origin = 'variable' | 'path' | 'folder';

/** `*` stands for any run of characters in one segment; `~` for the home, `%X%` for a variable. */
const places: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: [
    '/usr/lib/jvm/*',
    '/usr/lib64/jvm/*',
    '/usr/java/*',
    '/opt/java*',
    '/opt/java/*',
    '/opt/jdk*',
    '/opt/jdk/*',
    '/opt/openjdk*',
    '/opt/*-jdk*',
    '/home/linuxbrew/.linuxbrew/opt/openjdk*',
  ],
  darwin: [
    '/Library/Java/JavaVirtualMachines/*',
    '~/Library/Java/JavaVirtualMachines/*',
    '/opt/homebrew/opt/openjdk*',
    '/usr/local/opt/openjdk*',
  ],
  win32: ['%ProgramFiles%', '%ProgramFiles(x86)%', '%LOCALAPPDATA%/Programs'].flatMap((folder) =>
    ['Java', 'Eclipse Adoptium', 'Microsoft', 'Zulu', 'Amazon Corretto', 'BellSoft', 'OpenJDK'].map(
      (vendor) => `${folder}/${vendor}/*`,
    ),
  ),
  freebsd: ['/usr/local/openjdk*'],
};

/** Version managers and build tools, the same everywhere. */
const managers = [
  '~/.sdkman/candidates/java/*',
  '~/.jdks/*',
  '~/.asdf/installs/java/*',
  '~/.local/share/mise/installs/java/*',
  '~/.gradle/jdks/*',
  '~/.jenv/versions/*',
  '~/.jabba/jdk/*',
];

/** From an installation's folder to what is its home: macOS bundles, Homebrew. */
const inner = ['', 'Contents/Home', 'libexec/openjdk.jdk/Contents/Home', 'libexec'];

/** `jre`: Java 8. A `jssecacerts` is read in place of `cacerts` where there is one. */
const keystores = ['lib/security', 'jre/lib/security'].flatMap((folder) =>
  ['jssecacerts', 'cacerts'].map((name) => `${folder}/${name}`),
);

const executable: Partial<Record<NodeJS.Platform, string>> = { win32: '.exe' };

function candidates(host: Host): { folder: string; origin: Origin }[] {
  const variable = host.env.JAVA_HOME;
  const found = ['java', 'javac'].flatMap((name) => host.find(name) ?? []);
  const programs = found.flatMap((program) => realPath(program) ?? []);
  return [
    // A relative one means another folder wherever devcert is started: a project's, perhaps.
    ...(variable === undefined || !isAbsolute(variable)
      ? []
      : [{ folder: variable, origin: 'variable' as const }]),
    ...programs.map((program) => ({ folder: dirname(dirname(program)), origin: 'path' as const })),
    ...[...(places[host.platform] ?? []), ...managers]
      .flatMap((pattern) => expand(pattern, host))
      .map((folder) => ({ folder, origin: 'folder' as const })),
  ];
}

function readJdk(folder: string, origin: Origin, host: Host): Jdk[] {
  const program = (home: string, name: string) =>
    ['bin', 'jre/bin']
      .map((bin) => join(home, bin, `${name}${executable[host.platform] ?? ''}`))
      .find((path) => existsSync(path));
  const home = inner
    .map((path) => realPath(join(folder, path)))
    .find((path) => path !== undefined && keystores.some((it) => existsSync(join(path, it))));
  if (home === undefined) {
    const bare = realPath(folder);
    if (bare === undefined || origin === 'path') return [];
    const leftover = program(bare, 'java') === undefined;
    if (leftover && origin === 'folder') return [];
    return [
      { home: bare, version: readVersion(bare), keystore: undefined, keytool: undefined, leftover },
    ];
  }
  const keytool = program(home, 'keytool');
  // One folder that looks like an installation and runs nothing is not one.
  if (keytool === undefined && program(home, 'java') === undefined) return [];
  return keystores
    .flatMap((path) => realPath(join(home, path)) ?? [])
    .map((keystore) => ({ home, version: readVersion(home), keystore, keytool, leftover: false }));
}

function readVersion(home: string): string | undefined {
  // Java 8 has it beside its `jre` folder.
  const texts = [home, dirname(home)].map((folder) => textIn(join(folder, 'release')));
  const versions = texts.map((text) => /^JAVA_VERSION="?([\w.+-]+)"?/m.exec(text)?.[1]);
  return versions.find((it) => it !== undefined);
}

function expand(pattern: string, host: Host): string[] {
  const [start = '', ...segments] = pattern.split('/');
  const variable = /^%(.+)%$/.exec(start)?.[1];
  const base =
    start === '~' ? host.home : variable === undefined ? host.sysroot : host.env[variable];
  if (base === undefined || base === '') return [];
  return segments.reduce<string[]>(
    (folders, segment) => folders.flatMap((folder) => descend(folder, segment)),
    [base],
  );
}

function descend(folder: string, segment: string): string[] {
  if (!segment.includes('*')) return [join(folder, segment)];
  const parts = segment.split('*').map((part) => part.replace(/[.+]/g, '\\$&'));
  const shape = new RegExp(`^${parts.join('.*')}$`);
  return namesIn(folder)
    .filter((name) => shape.test(name) && !name.startsWith('.'))
    .map((name) => join(folder, name));
}
