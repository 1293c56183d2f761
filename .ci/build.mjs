// Builds dist/: the command and the library bundled and split, with every package inside, so that an
// install brings exactly one package and starting costs one or two small files; then the types.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
rmSync(join(root, 'dist'), { recursive: true, force: true });

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { 'bin/devcert': 'bin/devcert.ts', index: 'src/index.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minify: true,
  keepNames: false,
  legalComments: 'none', // the licences stand in full in dist/LICENSES.txt
  chunkNames: 'chunks/[name]-[hash]',
  define: { DEVCERT_VERSION: JSON.stringify(version) },
  // CommonJS packages (node-forge, commander) call require() for Node's own modules.
  banner: {
    js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);",
  },
  metafile: true,
});
chmodSync(join(root, 'dist/bin/devcert.js'), 0o755);

// Every package that went into the bundle, with its licence text.
const packages = new Set(
  Object.keys(metafile.inputs)
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
    ...['--project', root, '--emitDeclarationOnly', '--outDir', join(root, 'dist/types')],
  ],
  { stdio: 'inherit' },
);
rmSync(join(root, 'dist/types/test'), { recursive: true, force: true });
rmSync(join(root, 'dist/types/bin'), { recursive: true, force: true });
