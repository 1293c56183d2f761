// Builds dist/: the command and the library in one go, CommonJS, every package inside, so that an install
// brings exactly one package; split so that a start loads one or two small files; then the types.
import { chmodSync, copyFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { build } from 'rolldown';
import { parseAst } from 'rolldown/parseAst';
import { dts } from 'rolldown-plugin-dts';

const root = resolve(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const pathOf = (id) => relative(root, id).replaceAll('\\', '/');
rmSync(join(root, 'dist'), { recursive: true, force: true });

/** Sources that are in one file, with all that these import at once: what a run needs together. */
const groups = [
  { name: 'start', sources: ['src/cli/main.ts'] },
  { name: 'issue', sources: ['src/cli/issue.ts', 'src/commands/issue.ts', 'src/index.ts'] },
  { name: 'sign', sources: ['src/certificate/issue.ts', 'src/authority/create.ts'] },
];

/** What packages get in place of a module. */
const replaced = {
  // The names of object identifiers and base 58: for reading.
  'node-forge ./oids': 'module.exports = {};',
  'node-forge ./baseN': 'module.exports = {};',
  // For executable sub-commands, which devcert has none of; it would take 5 ms of every start.
  'commander node:child_process': 'export {}',
  // Before Node 20.5 there is no addAbortListener(), and execa 9.6 asks for that version. May go with it.
  'execa node:events': `
    import { addAbortListener as own } from 'node:events';
    export { EventEmitter, on, once, setMaxListeners } from 'node:events';
    export const addAbortListener =
      own ?? ((signal, listener) => signal.addEventListener('abort', listener, { once: true }));`,
};

/**
 * What writing DER needs of node-forge. Nearly all of both files is for reading, other encodings and
 * browsers, and every new certificate would wait 1 ms for it. They mention nothing of the rest.
 */
const forge = {
  'lib/asn1.js': [
    'Class',
    'Type',
    'create',
    'copy',
    'equals',
    'toDer',
    'oidToDer',
    'integerToDer',
    'dateToUtcTime',
    'dateToGeneralizedTime',
  ],
  'lib/util.js': [
    'ByteBuffer',
    'ByteStringBuffer',
    'createBuffer',
    'encodeUtf8',
    'decodeUtf8',
    'isArray',
    'isArrayBuffer',
    'isArrayBufferView',
  ],
};

const packageOf = (id = '') => /node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(id)?.[1];
const replacing = {
  name: 'replaced modules',
  resolveId(id, importer) {
    const key = `${packageOf(importer)} ${id}`;
    return key in replaced ? `\0${key}` : undefined;
  },
  load: (id) => replaced[id.slice(1)],
};

const writingDer = {
  name: 'of node-forge what writes DER',
  transform(code, id) {
    const [, file] = /node-forge[\\/](lib[\\/]\w+\.js)$/.exec(id) ?? [];
    const kept = forge[file?.replace('\\', '/')];
    if (kept === undefined) return undefined;
    const others = parseAst(code).body.filter(({ type, expression }) => {
      if (type !== 'ExpressionStatement' || expression.type !== 'AssignmentExpression')
        return false;
      let { left } = expression;
      while (left.object?.type === 'MemberExpression') left = left.object; // util.X.prototype.y
      return ['asn1', 'util'].includes(left.object?.name) && !kept.includes(left.property.name);
    });
    for (const { start, end } of others.reverse()) code = code.slice(0, start) + code.slice(end);
    return code;
  },
};

/**
 * Patterns of Unicode classes as `new RegExp()`. Node works out the sets of every literal when it loads the
 * file, which takes 2 ms of every start, though nearly all of these patterns wait for names that are not ASCII.
 */
const patterns = {
  name: 'patterns when they are needed',
  renderChunk(code) {
    const literals = [];
    JSON.stringify(parseAst(code), (_, node) => {
      if (node?.regex?.pattern.includes('\\p{')) literals.push(node);
      return typeof node === 'bigint' ? undefined : node;
    });
    for (const { start, end, regex } of literals.reverse())
      code = `${code.slice(0, start)}new RegExp(${JSON.stringify(regex.pattern)}, ${JSON.stringify(regex.flags)})${code.slice(end)}`;
    return code;
  },
};

const { output } = await build({
  cwd: root,
  input: { 'bin/devcert': 'bin/devcert.ts', index: 'src/index.ts' },
  platform: 'node',
  transform: { target: 'node20', define: { DEVCERT_VERSION: JSON.stringify(version) } },
  plugins: [replacing, writingDer, patterns],
  checks: { ineffectiveDynamicImport: false, bundlerTimings: false }, // a group is loaded whole
  output: {
    dir: 'dist',
    format: 'cjs',
    minify: true,
    comments: false, // the licences stand in full in dist/LICENSES.txt
    entryFileNames: '[name].cjs',
    chunkFileNames: 'chunks/[name]-[hash].cjs',
    codeSplitting: {
      groups: groups.map(({ name, sources }, index) => ({
        name,
        priority: groups.length - index,
        test: (id) => sources.includes(pathOf(id)),
        includeDependenciesRecursively: true,
      })),
    },
  },
});
chmodSync(join(root, 'dist/bin/devcert.cjs'), 0o755);

// Every package that went into the files, with its licence text.
const packages = new Set(
  output
    .flatMap(({ modules }) => Object.keys(modules ?? {}))
    .map(packageOf)
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

// For `import`: the names are spelled out, as a loader cannot see them in CommonJS that is minified.
const names = Object.keys(await import('../dist/index.cjs')).filter((name) =>
  /^(?!default$)\w+$/.test(name),
);
writeFileSync(
  join(root, 'dist/index.mjs'),
  `import library from './index.cjs';\nexport const { ${names.join(', ')} } = library;\n`,
);

// The public types in one file, for both.
await build({
  cwd: root,
  input: { index: 'src/index.ts' },
  checks: { bundlerTimings: false },
  plugins: [dts({ emitDtsOnly: true, tsconfig: join(root, '.ci/tsconfig.types.json') })],
  output: { dir: 'dist', format: 'esm', entryFileNames: '[name].mts' },
});
copyFileSync(join(root, 'dist/index.d.mts'), join(root, 'dist/index.d.cts'));
