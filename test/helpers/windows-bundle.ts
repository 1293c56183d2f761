/** Puts the unit tests into one file that Windows' Node runs under wine: see windows-vitest.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';

const tests = resolve(import.meta.dirname, '..');

/** Why a file is not among them; the reasons for single tests stand in the files themselves. */
const SAME = 'slow, and the same on every system';
const STARTS = 'starts the command very often; what it does is tested in commands/';
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'architecture.test.ts': 'is about the source',
  'guides.test.ts': 'is about the texts',
  'quoted.test.ts': 'is about the texts',
  'reference.test.ts': 'is about the texts',
  'statements.test.ts': STARTS,
  'package.test.ts': 'is about what is published; it starts npm and a bundler',
  'certificate/csr-fuzz.test.ts': SAME,
  'keystore/fuzz.test.ts': SAME,
  'keystore/fuzz-keys.test.ts': SAME,
  'inspect/fuzz-chains.test.ts': SAME,
  'entry/vite.test.ts': 'asks for the owner of a folder, which PowerShell of wine does not tell',
  'api/keys.test.ts': 'asks for the owner of a folder, which PowerShell of wine does not tell',
  'api/types.test.ts': 'is about the types',
  'testing/types.test.ts': 'is about the types',
  'testing/ca.test.ts': 'it mocks timers, by vitest alone',
  'names/top-level.test.ts': 'is about the source',
  'platform/this-process.test.ts': 'changes what the process trusts, which all files share there',
  'cli/broken.test.ts': STARTS,
  'cli/ca.test.ts': STARTS,
  'cli/client.test.ts': STARTS,
  'cli/read-only.test.ts': STARTS,
  'cli/csr.test.ts': STARTS,
  'cli/export.test.ts': STARTS,
  'cli/folder.test.ts': 'users and modes of Unix',
  'cli/hints.test.ts': 'is about the source',
  'cli/dry-run.test.ts': 'is about the source',
  'cli/hostile.test.ts': STARTS,
  'cli/init.test.ts': STARTS,
  'cli/mtls.test.ts': STARTS,
  'cli/odd-files.test.ts': STARTS,
  'cli/parallel.test.ts': 'windows-processes.test.ts does that there',
  'cli/ssh-agent.test.ts': STARTS,
  'cli/check.test.ts': STARTS,
  'cli/completion.test.ts': 'shells of Unix',
  'cli/key-password.test.ts': 'it needs a terminal of Unix',
  'cli/names.test.ts': STARTS,
  'cli/protect.test.ts': STARTS,
  'cli/second-day.test.ts': STARTS,
  'cli/served.test.ts': 'files of Linux that tell its ports',
  'cli/verify.test.ts': STARTS,
  'cli/webtransport.test.ts': STARTS,
  'cli/stores.test.ts': 'NSS on Linux',
  'cli/terminal.test.ts': 'it mocks a module of Node',
  'cli/theft.test.ts': STARTS,
  'commands/migrate.test.ts': 'starts devcert 0.1.0 very often',
  'commands/sni.test.ts': 'it mocks functions and timers, by vitest alone',
  'commands/watch.test.ts': 'it mocks timers, by vitest alone',
  'commands/mtls-planted.test.ts': 'links, which wine shows as folders',
  'platform/java.test.ts': 'JDKs on Linux and macOS; it mocks a module of Node',
  'platform/linux-system.test.ts': 'paths of Linux',
  'platform/listening.test.ts': 'files of Linux that tell its ports',
  'platform/macos.test.ts': 'paths of macOS',
  'platform/nss.test.ts': 'paths of Linux',
  'platform/nss-databases.test.ts': 'paths of Linux',
  'platform/simulators.test.ts': 'paths of macOS',
};

/** A path of this machine as wine's programs know it. */
export function onDriveZ(path: string): string {
  return `Z:${path.replaceAll('/', '\\')}`;
}

/**
 * Bundles all unit tests but those of {@link LEFT_OUT} into one ES module, a program with two arguments: which
 * part of the files it runs, counted from 0, and how many parts there are.
 *
 * @returns their names
 */
export async function bundleUnitTests(outfile: string): Promise<string[]> {
  const files = readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && !name.startsWith('real/'))
    .filter((name) => !(name in LEFT_OUT))
    .sort();
  const loaders = files.map((name) => `'${name}': () => import('./${name}')`);
  const contents = `import './helpers/guard.ts';
    import { runFiles } from 'vitest';
    const files = { ${loaders.join(',\n')} };
    const [part, parts] = process.argv.slice(2).map(Number);
    void runFiles(Object.fromEntries(Object.entries(files).filter((_, i) => i % parts === part)));`;
  await build({
    bundle: true,
    ignoreAnnotations: true, // "sideEffects": false is not true of tests
    platform: 'node',
    target: 'node20',
    format: 'esm', // tests await outside of functions
    banner: {
      js: "import { createRequire as requireMaker } from 'node:module'; const require = requireMaker(import.meta.url);",
    },
    outfile,
    external: ['esbuild'], // a program of this machine's
    stdin: { contents, resolveDir: tests, loader: 'ts' },
    alias: { vitest: join(tests, 'helpers/windows-vitest.ts') },
    plugins: [folders],
  });
  return files;
}

/** A bundle is one file in another place: each module keeps the folder that it had. */
const folders: Plugin = {
  name: 'import.meta.dirname',
  setup: (bundle) => {
    bundle.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll(
        'import.meta.dirname',
        JSON.stringify(onDriveZ(dirname(path))),
      ),
      loader: 'ts',
    }));
  },
};
