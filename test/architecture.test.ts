/** The arrows and the one home of each package: what keeps the design the design. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commands } from '../src/cli/commands.ts';
import type { Declaration } from '../src/cli/declaration.ts';
import { texts } from './helpers/source.ts';

const root = resolve(import.meta.dirname, '..');

interface Source {
  readonly path: string;
  readonly text: string;
  /** Paths relative to the root for our own modules, names for packages. */
  readonly imports: readonly string[];
}

const sources: readonly Source[] = ['bin', 'src', 'platform'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => {
      const path = join(folder, name);
      const text = readFileSync(join(root, path), 'utf8');
      const imports = [
        ...ownCode(path, text).matchAll(
          /(?:^(?:import|export|\}) [^;]*?from |import\()'([^']+)'/gm,
        ),
      ].map(([, target = '']) =>
        target.startsWith('.')
          ? relative(root, resolve(root, dirname(path), target))
          : target.startsWith('node:')
            ? target
            : (/^(@[^/]+\/)?[^/]+/.exec(target)?.[0] ?? target),
      );
      return {
        path: path.replaceAll('\\', '/'),
        text,
        imports: imports.map((it) => it.replaceAll('\\', '/')),
      };
    }),
);

/** What a recipe prints is text: the imports in it are not ours. Recipes import in front, list.ts anywhere. */
function ownCode(path: string, text: string): string {
  if (!path.replaceAll('\\', '/').startsWith('src/recipes/') || path.endsWith('list.ts'))
    return text;
  return text.slice(0, text.search(/^(export )?(const|function)\b/m));
}

const homes: Record<string, string> = {
  commander: 'src/cli/program.ts',
  'env-paths': 'src/disk/usual-paths.ts',
  execa: 'platform/run.ts',
  'node-forge': 'src/x509/der.ts',
  tldts: 'src/names/publicsuffix.ts',
};

function importersOf(target: string): string[] {
  return sources.filter(({ imports }) => imports.includes(target)).map(({ path }) => path);
}

function flagsOf({ options = {}, commands = {} }: Declaration): string[] {
  return [
    ...Object.keys(options).flatMap((flags) => flags.match(/--[a-z-]+/g) ?? []),
    ...Object.values(commands).flatMap(flagsOf),
  ];
}

describe('architecture', () => {
  test('every package has one home', () => {
    const packages = new Set(
      sources
        .flatMap(({ imports }) => imports)
        .filter((it) => !/[/:]/.test(it) || it.startsWith('@')),
    );
    expect([...packages].sort()).toEqual(Object.keys(homes).sort());
    for (const [name, home] of Object.entries(homes))
      expect(importersOf(name).filter((path) => !path.endsWith('.d.ts'))).toEqual([home]);
  });

  test('imports run bin → src → platform', () => {
    for (const { path, imports } of sources) {
      const own = imports.filter((it) => /^(bin|src|platform)\//.test(it));
      if (path.startsWith('src/'))
        expect({ path, bin: own.filter((it) => it.startsWith('bin/')) }).toEqual({ path, bin: [] });
      if (path.startsWith('platform/'))
        expect({
          path,
          up: own.filter((it) => !it.startsWith('platform/') && it !== 'src/errors.ts'),
        }).toEqual({ path, up: [] });
    }
  });

  test('the rooms of src stand above each other in the order of the flow', () => {
    const floors = [
      'disk',
      'names',
      'x509',
      'keystore',
      'tls',
      'signer',
      'ledger',
      'authority',
      'certificate',
      'export',
      'inspect',
      'verify',
      'mtls',
      'commands',
      'doctor',
      'api',
      'testing',
      'cli',
      'entry',
    ];
    const floorOf = (path: string) => floors.indexOf(/^src\/(\w+)\//.exec(path)?.[1] ?? '');
    const up = sources.flatMap(({ path, imports }) =>
      imports
        .filter((it) => floorOf(path) !== -1 && floorOf(it) > floorOf(path))
        .map((it) => `${path} -> ${it}`),
    );
    expect(up).toEqual([]);
    // Of the package: nothing of ours stands on them.
    expect(
      sources.filter(({ imports }) => imports.some((it) => it.startsWith('src/entry/'))),
    ).toEqual([]);
  });

  test('errors import their words alone, contracts the type of these, and words nothing', () => {
    const importsOf = (path: string) => sources.find((source) => source.path === path)?.imports;
    expect(new Set(importsOf('src/errors.ts'))).toEqual(new Set(['src/cli/hints.ts']));
    expect(importsOf('platform/types.ts')).toEqual(['src/errors.ts']);
    expect(importsOf('src/cli/hints.ts')).toEqual([]);
    const below = importersOf('src/cli/hints.ts').filter((path) => !path.startsWith('src/cli/'));
    expect(below).toEqual(['src/errors.ts']);
  });

  test('no option and no command of devcert is written below src/cli: they are data', async () => {
    const declared: Declaration[] = await Promise.all(Object.values(commands).map((it) => it()));
    const flags = new Set(declared.flatMap(flagsOf));
    const command = Object.keys(commands).join('|');
    const typed = new RegExp(
      `\\bdevcert (?:(?:${command})\\b|[A-Z]|"|localhost|\\S+\\.test)|(?:^|[:(] ?)devcert …`,
    );
    const written = texts().filter(
      ({ path, text }) =>
        // Configuration and generated text.
        !/^src\/(?:cli|recipes|guides)\//.test(path) &&
        !['src/mtls/readme.ts', 'src/testing/readme.ts'].includes(path) &&
        (typed.test(text) || (text.match(/--[a-z][a-z-]*/g) ?? []).some((it) => flags.has(it))),
    );
    expect(written).toEqual([]);
  });

  test('no class of the runtime is asked for by instanceof: in Jest a test has others than Node', () => {
    const classes =
      'Error|TypeError|RangeError|SyntaxError|Uint8Array|Date|Map|Set|RegExp|Promise|URL';
    const asked = new RegExp(`\\binstanceof (?:${classes})\\b`);
    const asking = sources.filter(({ text }) => asked.test(text)).map(({ path }) => path);
    expect(asking).toEqual([]);
  });

  test('real stores and the real machine meet the rest in src/api/composition.ts only', () => {
    expect(importersOf('platform/host.ts')).toEqual(['src/api/composition.ts']);
    expect(importersOf('platform/stores.ts')).toEqual(['src/api/composition.ts']);
  });

  test('only src/cli and bin touch the terminal', () => {
    const writers = sources
      .filter(({ text }) => /\bconsole\.|process\.(stdout|stderr)\b(?!\.isTTY)/.test(text))
      .map(({ path }) => path);
    // Recipes are text: programs of the user's, which may.
    expect(writers.filter((path) => !/^(bin|src\/cli|src\/recipes)\//.test(path))).toEqual([]);
  });

  test('only platform/host.ts and the CLI look at the process', () => {
    const readers = sources
      .filter(
        ({ text }) =>
          /\bprocess\.(env|platform|cwd|argv|stdin)\b/.test(text) || text.includes('= process;'),
      )
      .map(({ path }) => path)
      .filter((path) => !/^(bin|src\/cli)\//.test(path));
    expect(readers.sort()).toEqual(['platform/host.ts', 'src/api/composition.ts']);
  });

  test('days and iterations that were chosen stand in src/policy.ts alone', () => {
    const chosen = /(?<![\w.'])(?:397|825|3652|600_000|86_400_000)(?![\w'])/;
    const written = sources
      .filter(({ path }) => path.startsWith('src/') && !path.startsWith('src/recipes/'))
      .filter(({ text }) => chosen.test(text.replace(/^ *(?:\/\*|\*|\/\/).*$/gm, '')))
      .map(({ path }) => path);
    expect(written).toEqual(['src/policy.ts']);
  });

  test('child processes are started in two files of platform, and none by a shell', () => {
    expect(importersOf('node:child_process')).toEqual(['platform/system-program.ts']);
    expect(importersOf('execa')).toEqual(['platform/run.ts']);
    expect(sources.filter(({ text }) => /shell:\s*true/.test(text))).toEqual([]);
  });

  test('keys are generated in src/keys.ts only, encoded', () => {
    const makers = sources.filter(({ text }) => /\bgenerateKeyPairSync\b/.test(text));
    expect(makers.map(({ path }) => path)).toEqual(['src/keys.ts']);
    // As objects they can lock the process up: see generateKey().
    const calls = makers[0]?.text.match(/generateKeyPairSync\('[^]*?\}\)/g) ?? [];
    expect(calls).toHaveLength(2);
    expect(calls.filter((call) => !call.includes('privateKeyEncoding'))).toEqual([]);
  });

  test('signatures are made in src/signer, and those of a CSR by its own key', () => {
    const signers = sources.filter(({ text }) =>
      /^import \{[^}]*\bsign\b[^}]*\} from 'node:crypto'|\bcreateSign\b/m.test(text),
    );
    expect(signers.map(({ path }) => path).sort()).toEqual([
      'src/signer/key.ts',
      'src/x509/csr.ts',
    ]);
  });

  test('no adapter has a platform switch', () => {
    // One comparison tells whether an adapter is for this machine at all; what else differs is a table.
    for (const { path, text } of sources.filter(({ path }) => path.startsWith('platform/')))
      expect({
        path,
        switches: text.match(/switch \([^)]*platform\)|if \([^)\n]*\bplatform [!=]==/g) ?? [],
        comparisons: (text.match(/\bplatform [!=]== '/g) ?? []).length <= 1,
      }).toEqual({ path, switches: [], comparisons: true });
  });

  test('a kind of store is one file and one line', () => {
    const finders = sources.filter(({ text }) =>
      /^export const \w+: StoreFinder\b/m.test(text.replace(/readonly StoreFinder/g, '')),
    );
    const list = sources.find(({ path }) => path === 'platform/stores.ts');
    expect(finders.length).toBeGreaterThan(5);
    for (const { text } of finders) {
      const names = [...text.matchAll(/^export const (\w+): StoreFinder\b/gm)].map(([, it]) => it);
      expect(names).toHaveLength(1);
      expect(list?.text.split(`  ${names[0] ?? ''},\n`)).toHaveLength(2);
    }
  });

  test('no file is longer than 300 lines', () => {
    const long = sources
      .filter(({ text }) => text.split('\n').length > 301)
      .map(({ path }) => path);
    expect(long).toEqual([]);
  });
});
