/** The package as it is published: small, for `import` and `require()`, and for who bundles it. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { build as rolldown } from 'rolldown';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from './helpers/host.ts';

const root = resolve(import.meta.dirname, '..');
const require = createRequire(import.meta.url);
const folder = join(root, 'src/entry');
/** Of `devcert-local/NAME`. */
const entries = existsSync(folder) ? readdirSync(folder).map((file) => basename(file, '.ts')) : [];

describe('the package', () => {
  test('is at most 720 kB packed, 2.1 MB unpacked, and holds dist/ alone', () => {
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
        cwd: root,
        encoding: 'utf8',
        shell: process.platform === 'win32',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ) as [{ size: number; unpackedSize: number; files: { path: string }[] }];
    // 350 kB and 1.2 MB, and what came since: verify with STARTTLS, run, renew, hosts and completion, the SSH
    // agent and passphrases, a manual page, the guides; 50 kB and 0.2 MB for the entries, their types and the
    // reference; 240 kB and 0.65 MB for the library once more as ES modules, without which whoever bundles one
    // function would bring 0.9 MB of it into their program. Packages in it, execa and tldts, are there once.
    expect(packed.size).toBeLessThanOrEqual(720_000);
    expect(packed.unpackedSize).toBeLessThanOrEqual(2_100_000);
    expect(packed.files.map(({ path }) => path)).toContain('dist/guides/safety.md');
    const others = packed.files.map(({ path }) => path).filter((path) => !path.startsWith('dist/'));
    expect(others.sort()).toEqual(['LICENSE', 'README.md', 'package.json']);
  });

  test('exports every file of src/entry, the schema of devcert.json, and nothing more', () => {
    const { exports, typesVersions } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    ) as Record<string, unknown>;
    const forBoth = (name: string) => ({
      // For bundlers, which look for it first; Node has one copy of everything, by import and require().
      module: { types: `./dist/${name}.d.mts`, default: `./dist/module/${name}.mjs` },
      import: { types: `./dist/${name}.d.mts`, default: `./dist/${name}.mjs` },
      require: { types: `./dist/${name}.d.cts`, default: `./dist/${name}.cjs` },
    });
    expect(exports).toEqual({
      '.': forBoth('index'),
      ...Object.fromEntries(entries.map((name) => [`./${name}`, forBoth(name)])),
      './package.json': './package.json',
      './schema.json': './dist/schema.json',
    });
    // For TypeScript that looks for types as Node 10 did: entries, the schema, and what is beside dist.
    expect(typesVersions).toEqual({ '*': { '*': ['./dist/*.d.cts', './dist/*', './*'] } });
    const schema = readFileSync(join(root, 'src/project/schema.json'), 'utf8');
    expect(readFileSync(join(root, 'dist/schema.json'), 'utf8')).toBe(schema);
  });

  test('gives import and require() the same, and bundlers what has the same names', async () => {
    // In a process of its own: Vitest has ways with default exports.
    const code = `
      import { createRequire } from 'node:module';
      const require = createRequire(import.meta.url);
      const same = async (name) => {
        const imported = await import('./dist/' + name + '.mjs');
        const required = require('./dist/' + name + '.cjs');
        const bundled = await import('./dist/module/' + name + '.mjs');
        const names = new Set([imported, required, bundled].flatMap(Object.keys));
        return [...names].filter((it) => required[it] === imported[it] && it in bundled).sort();
      };
      console.log(JSON.stringify(await Promise.all(process.argv.slice(1).map(same))));`;
    const names = ['index', ...entries];
    const args = ['--input-type=module', '--eval', code, ...names];
    const both = execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    const sources = ['../src/index.ts', ...entries.map((name) => `../src/entry/${name}.ts`)];
    const modules = sources.map((it) => import(it) as Promise<Record<string, unknown>>);
    expect(JSON.parse(both)).toEqual(
      (await Promise.all(modules)).map((it) => Object.keys(it).sort()),
    );
  });

  test('works in one CommonJS file that somebody else bundled', async () => {
    const folder = temporaryFolder();
    const entry = join(folder, 'entry.cjs');
    const outfile = join(folder, 'bundle.cjs');
    const library = JSON.stringify(join(root, 'dist/index.cjs'));
    writeFileSync(
      entry,
      `require(${library}).certificateFor(['api.test']).then(({ cert }) => console.log(cert));`,
    );
    const how = { bundle: true, platform: 'node', format: 'cjs', minify: true } as const;
    await build({ entryPoints: [entry], outfile, ...how });
    // By its path, past the exports: all of the library, whichever function is called.
    expect(statSync(outfile).size).toBeLessThanOrEqual(1_000_000);
    mkdirSync(join(folder, 'elsewhere'));
    const cert = execFileSync(process.execPath, [outfile], {
      cwd: join(folder, 'elsewhere'),
      encoding: 'utf8',
      env: { ...process.env, DEVCERT_HOME: join(folder, 'state') },
    });
    expect(cert).toMatch(/^-----BEGIN CERTIFICATE-----/);
  });

  test.for([
    ['certificateFor', 120_000],
    ['sniCallback', 120_000],
    ['trustThisProcess', 80_000],
    ['watch', 200_000],
  ] as const)('is in a bundle that calls %s() alone at most %i bytes', async ([name, budget]) => {
    const contents = `import { ${name} } from 'devcert-local'; console.log(${name});`;
    for (const format of ['esm', 'cjs'] as const) {
      const { metafile, warnings } = await build({
        stdin: { contents, resolveDir: root },
        ...{ bundle: true, platform: 'node', format, minify: true, write: false },
        metafile: true,
      });
      const [output] = Object.values(metafile.outputs);
      const parts = Object.entries(output?.inputs ?? {})
        .sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)
        .map(([file, { bytesInOutput }]) => `${bytesInOutput} ${file}`);
      expect(output?.bytes, parts.join('\n')).toBeLessThanOrEqual(budget);
      // Neither execa nor the public suffix list.
      expect(parts.filter((it) => it.includes('chunks/'))).toEqual([]);
      expect(warnings).toEqual([]);
    }
  });

  test.for(['esm', 'cjs'] as const)(
    'works bundled by import and by Rolldown: %s',
    async (format) => {
      const folder = temporaryFolder();
      const entry = join(folder, 'entry.mjs');
      mkdirSync(join(folder, 'node_modules'));
      symlinkSync(root, join(folder, 'node_modules/devcert-local'), 'junction');
      writeFileSync(
        entry,
        `import { certificateFor, DevcertError } from 'devcert-local';
      certificateFor('api.test').then(({ cert }) => console.log(cert));
      certificateFor('google.com').catch((it) => console.log(it instanceof DevcertError, it.hint));`,
      );
      const [ours, theirs] = ['esbuild', 'rolldown'].map((it) =>
        join(folder, `${it}.${format === 'esm' ? 'mjs' : 'cjs'}`),
      );
      const how = { bundle: true, platform: 'node', minify: true } as const;
      await build({ entryPoints: [entry], outfile: ours, format, ...how });
      await rolldown({
        input: entry,
        platform: 'node',
        output: { file: theirs, format, minify: true, codeSplitting: false },
      });
      for (const file of [ours ?? '', theirs ?? '']) {
        expect(statSync(file).size).toBeLessThanOrEqual(120_000);
        const printed = execFileSync(process.execPath, [file], {
          cwd: folder,
          encoding: 'utf8',
          env: { ...process.env, DEVCERT_HOME: join(folder, 'state') },
        });
        expect(printed).toMatch(/^-----BEGIN CERTIFICATE-----/m);
        expect(printed).toMatch(/^true only if "google.com" is yours/m);
      }
    },
  );

  test.for(['index', ...entries])('declares what %s exports, and nothing else', (name) => {
    const file = join(root, `dist/${name}.d.mts`);
    const program = ts.createProgram([file], { module: ts.ModuleKind.NodeNext, noLib: true });
    const checker = program.getTypeChecker();
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    const declared = module === undefined ? [] : checker.getExportsOfModule(module);
    const values = declared.filter((it) => {
      const { flags } = it.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(it) : it;
      return (flags & ts.SymbolFlags.Value) !== 0 && !isTypeOnly(it);
    });
    expect(values.map((it) => it.name).sort()).toEqual(
      Object.keys(require(join(root, `dist/${name}.cjs`)) as object).sort(),
    );
  });

  test.for(['index', ...entries])('has the same types for both: %s', (name) => {
    const modules = readFileSync(join(root, `dist/${name}.d.mts`), 'utf8');
    const commonjs = readFileSync(join(root, `dist/${name}.d.cts`), 'utf8');
    expect(commonjs.replace(/(from "\.[^"]*)\.cjs"/g, '$1.mjs"')).toBe(modules);
    const shared = [...modules.matchAll(/ from "(\.[^"]*)\.mjs"/g)].map(([, path = '']) => path);
    for (const path of shared)
      for (const file of [`${path}.d.mts`, `${path}.d.cts`])
        expect([file, existsSync(join(root, 'dist', file))]).toEqual([file, true]);
    const text = [modules, ...shared.map((it) => readFileSync(join(root, 'dist', `${it}.d.mts`)))];
    const functions = Object.keys(require(join(root, `dist/${name}.cjs`)) as object);
    for (const it of functions) expect(text.join('\n')).toContain(it);
  });
});

/** True for what `export { type X }` gives. */
function isTypeOnly(symbol: ts.Symbol): boolean {
  return symbol.declarations?.some((it) => ts.isExportSpecifier(it) && it.isTypeOnly) === true;
}
