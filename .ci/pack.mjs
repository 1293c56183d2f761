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
  const packed = [...new Set(files.values())].map(async (file) => {
    const members = [...chunks.keys()].filter((chunk) => files.get(chunk) === file);
    const { outputFiles } = await build({
      stdin: {
        contents: members
          .map(
            (chunk) =>
              (chunk === entry ? 'import' : `export * as ${idOf(chunk)} from`) + ` './${chunk}';`,
          )
          .join(''),
      },
      write: false,
      bundle: true,
      minify: true,
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      supported: { 'dynamic-import': false }, // require(), which does not start the ES module loader
      ...(file === fileOf(entry) ? { banner: { js: '#!/usr/bin/env node' } } : {}),
      plugins: [chunkLoader(chunks, files, file)],
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

/** Static imports of chunks in the same file are inlined; all others are taken from the file they are in. */
function chunkLoader(chunks, files, file) {
  return {
    name: 'chunks',
    setup(build) {
      build.onResolve({ filter: /^\.\// }, ({ path, kind, namespace }) => {
        if (namespace === 'elsewhere') return { path, external: true };
        const chunk = basename(path);
        const inline = files.get(chunk) === file && kind === 'import-statement';
        return { path: chunk, namespace: inline ? 'inline' : 'elsewhere' };
      });
      build.onLoad({ filter: /.*/, namespace: 'inline' }, ({ path }) => ({
        contents: chunks.get(path).text,
      }));
      build.onLoad({ filter: /.*/, namespace: 'elsewhere' }, ({ path }) => {
        const names = chunks.get(path).exports;
        return {
          contents: `import { ${idOf(path)} as chunk } from './${files.get(path)}';
            const { ${names.map((name, i) => `${name}: x${i}`).join()} } = chunk;
            export { ${names.map((name, i) => `x${i} as ${name}`).join()} };`,
        };
      });
    },
  };
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
