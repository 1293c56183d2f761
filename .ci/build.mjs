// Builds dist/: the command and the library bundled and split, with every package inside, so that an
// install brings exactly one package and starting costs one or two small files; then the types.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packChunks } from './pack.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
rmSync(join(root, 'dist'), { recursive: true, force: true });

const common = {
  absWorkingDir: root,
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minify: true,
  legalComments: 'none', // the licences stand in full in dist/LICENSES.txt
  define: { DEVCERT_VERSION: JSON.stringify(version) },
  metafile: true,
};

// The library: ES modules. CommonJS packages inside it call require() for Node's own modules.
const library = await build({
  ...common,
  entryPoints: { index: 'src/index.ts' },
  chunkNames: 'library/[name]-[hash]',
  banner: {
    js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);",
  },
});

// The command: CommonJS, which Node starts 3 ms faster. esbuild splits ES modules only, so the pieces
// are turned into CommonJS after they were split; those that finding a
// valid pair needs into one file, what issuing needs beyond that into another.
const command = await build({
  ...common,
  entryPoints: { devcert: 'bin/devcert.ts' },
  outdir: 'dist/bin',
  minify: false, // packChunks() does that
  chunkNames: '[name]-[hash]',
  plugins: [
    {
      name: 'commander starts no programs here',
      setup(build) {
        // commander loads node:child_process for executable sub-commands, which devcert has none of;
        // it would take 5 ms of every start.
        build.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
          importer.includes('/node_modules/commander/')
            ? { path: 'child_process', namespace: 'absent' }
            : undefined,
        );
        build.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: 'export {}' }));
      },
    },
  ],
  write: false,
});
const packed = await packChunks(command, {
  'start.cjs': ['bin/devcert.ts'],
  'issue.cjs': ['src/cli/issue.ts', 'src/commands/issue.ts'],
  'sign.cjs': ['src/certificate/issue.ts', 'src/authority/create.ts'],
});
mkdirSync(join(root, 'dist/bin'), { recursive: true });
for (const [file, code] of packed) writeFileSync(join(root, 'dist/bin', file), code);
chmodSync(join(root, 'dist/bin/devcert.cjs'), 0o755);

// Every package that went into the bundle, with its licence text.
const packages = new Set(
  [library, command]
    .flatMap(({ metafile }) => Object.keys(metafile.inputs))
    .map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
    .filter(Boolean),
);
const licences = [...packages].sort().map((name) => {
  const folder = join(root, 'node_modules', name);
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(folder, file), 'utf8').trim() : String(license);
  return `${name} ${version}\n\n${text}\n`;
});
writeFileSync(join(root, 'dist/LICENSES.txt'), licences.join(`\n${'-'.repeat(78)}\n\n`));

execFileSync(
  process.execPath,
  [
    join(root, 'node_modules/typescript/bin/tsc'),
    ...['--project', join(root, '.ci/tsconfig.types.json')],
  ],
  { stdio: 'inherit' },
);
