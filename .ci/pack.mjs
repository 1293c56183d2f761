// Fewer files to start from: esbuild splits finely, and every file costs a start 0.5 ms or more.
import { build } from 'esbuild';
import { basename } from 'node:path';

/**
 * Turns the chunks of a split build into CommonJS files, several chunks in one where `groups` says so.
 *
 * @param split result of esbuild's build() with `metafile`, `write: false` and no `minify`; one entry point.
 * @param groups file name → the sources whose chunks it holds, with all chunks these import statically.
 *   The first group that wants a chunk gets it. The entry point stays alone: whoever started it may
 *   know it by another path than its parts would, and it must not run twice.
 * @returns file name → code.
 */
export async function packChunks(split, groups) {
  const chunks = new Map(
    split.outputFiles.map(({ path, text }) => {
      const [, output] = Object.entries(split.metafile.outputs).find(([name]) =>
        path.replaceAll('\\', '/').endsWith(name),
      );
      return [basename(path), { ...output, text: compileAtOnce(text), chunk: basename(path) }];
    }),
  );
  const [entry] = [...chunks.keys()].filter((chunk) => chunks.get(chunk).text.startsWith('#!'));
  const files = assignFiles(chunks, groups, entry);
  const wanted = namesWanted(chunks, files);
  const packed = [...new Set(files.values())].map(async (file) => {
    const members = [...chunks.keys()].filter((chunk) => files.get(chunk) === file);
    const { outputFiles } = await build({
      stdin: {
        contents: members.map((chunk) => exported(chunk, wanted.get(chunk))).join(''),
      },
      write: false,
      bundle: true,
      minify: true,
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      ...(file === fileOf(entry) ? { banner: { js: '#!/usr/bin/env node' } } : {}),
      logOverride: { 'commonjs-variable-in-esm': 'silent' },
      plugins: [
        {
          name: 'chunks',
          setup(build) {
            build.onResolve({ filter: /^\.\// }, ({ path, kind }) =>
              kind === 'import-statement'
                ? { path: basename(path), namespace: 'chunk' }
                : { path, external: true },
            );
            build.onLoad({ filter: /.*/, namespace: 'chunk' }, ({ path }) => ({
              contents: linked(chunks.get(path), files),
            }));
          },
        },
      ],
    });
    return [file, outputFiles[0].text];
  });
  return new Map(await Promise.all(packed));
}

/** Which file each chunk goes into. */
function assignFiles(chunks, groups, entry) {
  const all = [...chunks.values()];
  const files = new Map([[entry, fileOf(entry)]]);
  for (const [file, sources] of Object.entries(groups)) {
    const waiting = all.filter(({ entryPoint }) => sources.includes(entryPoint));
    if (waiting.length !== sources.length) throw new Error(`no chunk for one of ${sources}`);
    for (const { chunk, imports } of waiting) {
      if (!files.has(chunk)) files.set(chunk, file);
      else if (chunk !== entry) continue;
      for (const { path, kind } of imports)
        if (kind === 'import-statement' && chunks.has(basename(path)))
          waiting.push(chunks.get(basename(path)));
    }
  }
  for (const { chunk } of all) if (!files.has(chunk)) files.set(chunk, fileOf(chunk));
  return files;
}

/**
 * The names of each chunk that other files ask for. A whole table of exports would cost a start more than
 * the code: esbuild makes a function of every name.
 */
function namesWanted(chunks, files) {
  const wanted = new Map([...chunks.keys()].map((chunk) => [chunk, new Set()]));
  for (const { chunk, imports, text } of chunks.values()) {
    for (const [, names, from] of text.matchAll(IMPORT))
      if (files.get(from) !== files.get(chunk))
        for (const name of names.split(',')) wanted.get(from).add(name.trim().split(' ')[0]);
    for (const { path, kind } of imports)
      if (kind === 'dynamic-import' && chunks.has(basename(path)))
        for (const name of chunks.get(basename(path)).exports) wanted.get(basename(path)).add(name);
  }
  return wanted;
}

/** A static import of names from another chunk, as esbuild writes it. */
const IMPORT = /^import \{([^}]*)\} from "\.\/([^"]+)";$/gm;

/** One chunk in a packed file: run, and its wanted names in an object under the chunk's own name. */
function exported(chunk, wanted) {
  const names = [...wanted];
  if (names.length === 0) return `import './${chunk}';`;
  const id = idOf(chunk);
  return `import { ${names.map((name) => `${name} as ${id}_${name}`).join()} } from './${chunk}';
    module.exports.${id} = { ${names.map((name) => `${name}: ${id}_${name}`).join()} };`;
}

/** The code of a chunk, with what it imports from chunks in other files, or when asked, taken by require(). */
function linked({ chunk, text }, files) {
  const from = (other) => `require("./${files.get(other)}").${idOf(other)}`;
  return text
    .replace(IMPORT, (whole, names, other) =>
      files.get(other) === files.get(chunk)
        ? whole
        : `const {${names.replaceAll(' as ', ': ')}} = ${from(other)};`,
    )
    .replace(/\bimport\("\.\/([^"]+)"\)/g, (whole, other) =>
      files.has(other) ? `Promise.resolve().then(() => ${from(other)})` : whole,
    );
}

/**
 * esbuild wraps each CommonJS module of a package into a function, which V8 would skim at first and read
 * again, with all that is in it, when it is called. Parentheses around a function have it read once.
 */
function compileAtOnce(text) {
  return text.replace(
    /^(var \w+ = __commonJS\(\{\n {2}"[^"\n]+")(\([^()\n]*\) \{\n[^]*?\n {2}\})\n\}\);$/gm,
    '$1: (function $2)\n});',
  );
}

function fileOf(chunk) {
  return chunk.replace(/\.js$/, '.cjs');
}

function idOf(chunk) {
  return `_${chunk.replace(/\W/g, '_')}`;
}
