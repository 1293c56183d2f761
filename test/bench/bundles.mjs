// What one function brings into a program that is bundled into one file, as published: bytes by esbuild, and of
// which parts. No assertion: test/package.test.ts has budgets for some.
//
//   node test/bench/bundles.mjs                    every function: minified, not minified
//   node test/bench/bundles.mjs certificateFor     one, with the parts of it
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '../..');
const [only] = process.argv.slice(2);

async function bundle(name, minify) {
  const contents = `import { ${name} } from 'devcert-local'; console.log(${name});`;
  const { metafile } = await build({
    stdin: { contents, resolveDir: root },
    ...{ bundle: true, platform: 'node', format: 'esm', minify, write: false, metafile: true },
  });
  return Object.values(metafile.outputs)[0];
}

if (only === undefined) {
  const names = Object.keys(await import(pathToFileURL(join(root, 'dist/index.mjs'))));
  for (const name of names) {
    const [small, whole] = [await bundle(name, true), await bundle(name, false)];
    console.log(`${small.bytes}\t${whole.bytes}\t${name}`);
  }
} else {
  const { bytes, inputs } = await bundle(only, true);
  const rooms = new Map();
  const files = Object.entries(inputs).map(([file, { bytesInOutput }]) => [file, bytesInOutput]);
  for (const [file, size] of files) {
    const path = file.replace(/^dist\/(?:module\/)?/, '');
    const [, room] = /^((?:src|packages|chunks)\/[^/]+|[^/]+)/.exec(path) ?? [];
    rooms.set(room, (rooms.get(room) ?? 0) + size);
  }
  const bySize = (list) => list.filter(([, size]) => size > 0).sort(([, a], [, b]) => b - a);
  for (const [what, size] of [['in all', bytes], ...bySize([...rooms]), ...bySize(files)])
    console.log(`${size}\t${what}`);
}
