// Builds dist/: the command and the library in one go, CommonJS, every package inside, so that an install
// brings exactly one package; split so that a start loads one or two small files; then the types.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, relative, resolve } from 'node:path';
import { build } from 'rolldown';
import { parseAst } from 'rolldown/parseAst';
import { dts } from 'rolldown-plugin-dts';

const root = resolve(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const pathOf = (id) => relative(root, id).replaceAll('\\', '/');
rmSync(join(root, 'dist'), { recursive: true, force: true });

/**
 * What is in one file: these sources, and with `all` what they import at once. Files load each other when
 * something of theirs is used first, and Node reads every line of a file: so what a run needs is together, and
 * what it seldom needs is elsewhere.
 */
const groups = [
  {
    // What the command and the import of the library read: what loads the rest, and no more.
    name: 'start',
    sources: [
      ...['main', 'commands', 'hints', 'terminal', 'version'].map((it) => `src/cli/${it}.ts`),
      'src/errors.ts',
      ...readdirSync(join(root, 'src/api')).map((file) => `src/api/${file}`),
    ],
  },
  {
    // To issue anew, where a pair that is still good needs nothing of it.
    name: 'sign',
    sources: [
      'src/certificate/issue.ts',
      'src/commands/list.ts',
      'src/certificate/notes.ts',
      'src/certificate/derived-files.ts',
      'src/authority/identity.ts',
      'src/authority/permits.ts',
      'src/names/constraints.ts',
      'src/names/subtrees.ts',
      'src/x509/certificate.ts',
      'src/x509/der.ts',
      'src/x509/extensions.ts',
      'src/x509/profiles.ts',
      'src/x509/subject.ts',
      'src/ledger/ledger.ts',
      'src/ledger/place.ts',
      'src/ledger/transaction.ts',
      'src/disk/lock.ts',
      'src/project/ignored.ts',
      'platform/hosts-file.ts',
      'node_modules/node-forge/lib/asn1.js',
      'node_modules/node-forge/lib/forge.js',
      'node_modules/node-forge/lib/util.js',
    ],
  },
  {
    // To refuse, to mend and to act as root.
    name: 'seldom',
    sources: [
      'src/authority/create.ts',
      'src/authority/domains.ts',
      'src/authority/named.ts',
      'src/authority/purge.ts',
      'src/authority/refusals.ts',
      'src/certificate/replaceable.ts',
      'src/names/permit.ts',
      'src/names/publicsuffix.ts',
      'src/names/top-level.ts',
      'platform/accounts.ts',
      'platform/as-root.ts',
    ],
  },
  {
    name: 'issue',
    sources: ['src/cli/issue.ts', 'src/commands/issue.ts'],
    all: true,
  },
];

/** Every file of src/entry is an export of its own, `devcert-local/NAME`. */
const folder = join(root, 'src/entry');
const entries = existsSync(folder)
  ? readdirSync(folder).map((file) => [basename(file, '.ts'), `src/entry/${file}`])
  : [];

/** What packages get in place of a module. */
const LIBRARY = 'library';
const replaced = {
  // An entry that nothing imports: else Rolldown would put what others share, and its exports, into it.
  [`undefined ${LIBRARY}`]: `export * from ${JSON.stringify(join(root, 'src/index.ts'))};`,
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
  'lib/asn1.js': ['Class', 'Type', 'create', 'toDer', 'oidToDer', 'integerToDer'],
  'lib/util.js': [
    'ByteBuffer',
    'ByteStringBuffer',
    'createBuffer',
    'encodeUtf8',
    'isArray',
    'isArrayBuffer',
    'isArrayBufferView',
  ],
};
/** Of the methods of its buffer. */
const forgeMethods = [
  '_optimizeConstructedString',
  'length',
  'putByte',
  'putBytes',
  'putInt16',
  'putInt',
  'putSignedInt',
  'putBuffer',
  'getBytes',
  'clear',
];

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
    return edited(code, (node) => {
      const [argument] = node.callee?.name === 'require' ? node.arguments : [];
      if (['./oids', './baseN'].includes(argument?.value)) return '{}';
      if (node.type !== 'ExpressionStatement') return;
      const { left, callee } = node.expression;
      if (callee?.type === 'FunctionExpression') return ';'; // setImmediate() for browsers
      const path = left === undefined ? [] : code.slice(left.start, left.end).split('.');
      const [object, name, , method] = path; // util.X.prototype.method
      if (!['asn1', 'util'].includes(object)) return undefined;
      const isKept = kept.includes(name) && (method === undefined || forgeMethods.includes(method));
      return isKept ? undefined : ';';
    });
  },
};

const lazy = {
  name: 'short to read, and loaded when it is used first',
  renderChunk(code) {
    const files = new Set();
    const text = (node) => code.slice(node.start, node.end);
    const changed = edited(code, (node, parent) => {
      // Patterns of Unicode classes: Node works out the sets of every literal when it loads a file, which takes
      // 2 ms of every start, though nearly all of these patterns wait for names that are not ASCII.
      if (node.regex?.pattern.includes('\\p{'))
        return `new RegExp(${JSON.stringify(node.regex.pattern)}, ${JSON.stringify(node.regex.flags)})`;
      // Other files: `const require_x = require('./x.cjs')` becomes a function that does it.
      const [path] = node.init?.callee?.name === 'require' ? node.init.arguments : [];
      if (path?.value?.startsWith('.')) {
        const { name } = node.id;
        files.add(name);
        return `${name} = () => (${name}.loaded ??= ${text(node.init)})`;
      }
      if (files.has(node.name) && parent.property !== node) return `(${node.name}())`;
      // Exports: two hundred times Object.defineProperty() are an eighth of the largest file.
      const [target, name, { properties } = {}] = node.arguments ?? [];
      const getter = properties?.find(({ key }) => key?.name === 'get')?.value.body?.body[0]
        ?.argument;
      if (target?.name === 'exports' && name.type === 'Literal' && getter !== undefined)
        return `$export(${text(name)}, () => ${text(getter)})`;
    });
    return changed.includes('$export(') ? `${changed}\n${EXPORT}` : changed;
  },
};
const EXPORT =
  'function $export(name, get) { Object.defineProperty(exports, name, { enumerable: true, get }); }';

/** Code in which `edit` has replaced nodes of the syntax tree: all for which it gives a text. */
function edited(code, edit) {
  const edits = [];
  const visit = (node, parent) => {
    const text = typeof node?.type === 'string' ? edit(node, parent) : undefined;
    if (text !== undefined) edits.push({ ...node, text });
    else if (typeof node === 'object') for (const it of Object.values(node ?? {})) visit(it, node);
  };
  visit(parseAst(code).body);
  for (const { start, end, text } of edits.reverse())
    code = code.slice(0, start) + text + code.slice(end);
  return code;
}

const transform = { target: 'node20', define: { DEVCERT_VERSION: JSON.stringify(version) } };
const { output } = await build({
  cwd: root,
  input: { 'bin/devcert': 'bin/devcert.ts', index: LIBRARY, ...Object.fromEntries(entries) },
  preserveEntrySignatures: 'allow-extension', // groups ask for it; nothing imports the entries
  platform: 'node',
  transform,
  plugins: [replacing, writingDer, lazy],
  checks: { ineffectiveDynamicImport: false, bundlerTimings: false }, // a group is loaded whole
  output: {
    dir: 'dist',
    format: 'cjs',
    exports: 'named', // a default export is one of them
    minify: true,
    comments: false, // the licences stand in full in dist/LICENSES.txt
    entryFileNames: '[name].cjs',
    chunkFileNames: 'chunks/[name]-[hash].cjs',
    codeSplitting: {
      groups: groups.map(({ name, sources, all = false }, index) => ({
        name,
        priority: groups.length - index,
        test: (id) => sources.includes(pathOf(id)),
        includeDependenciesRecursively: all,
      })),
    },
  },
});
chmodSync(join(root, 'dist/bin/devcert.cjs'), 0o755);

// What `devcert help TOPIC` prints, and what "$schema" of a devcert.json can point at.
cpSync(join(root, 'src/guides'), join(root, 'dist/guides'), { recursive: true });
copyFileSync(join(root, 'src/project/schema.json'), join(root, 'dist/schema.json'));

const modules = output.flatMap(({ modules = {} }) => Object.keys(modules));
const moved = groups
  .flatMap(({ sources }) => sources)
  .filter((source) => !modules.some((id) => pathOf(id) === source));
if (moved.length > 0) throw new Error(`.ci/build.mjs: no source is called ${moved.join(', ')}`);

// Every package that went into the files, with its licence text.
const packages = new Set(modules.map(packageOf).filter(Boolean));
const licences = [...packages].sort().map((name) => {
  const folder = join(root, 'node_modules', name);
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(folder, file), 'utf8').trim() : String(license);
  return `${name} ${version}\n\n${text}\n`;
});
writeFileSync(join(root, 'dist/LICENSES.txt'), licences.join(`\n${'-'.repeat(78)}\n\n`));

// The manual page is made of the same declarations as the help.
const manual = execFileSync(process.execPath, ['dist/bin/devcert.cjs', 'completion', 'man'], {
  cwd: root,
});
writeFileSync(join(root, 'dist/devcert.1'), manual);

// For `import`: the names are spelled out, as a loader cannot see them in CommonJS that is minified.
const require = createRequire(import.meta.url);
for (const name of ['index', ...entries.map(([name]) => name)]) {
  const { default: whole, ...named } = require(`../dist/${name}.cjs`);
  const names = Object.keys(named).join(', ');
  const lines = [
    `import library from './${name}.cjs';`,
    names === '' ? '' : `export const { ${names} } = library;`,
    whole === undefined ? '' : 'export default library.default;',
  ];
  writeFileSync(join(root, `dist/${name}.mjs`), lines.filter(Boolean).join('\n') + '\n');
}

/** Packages that are large and loaded alone, and what is used of each: there is one file of it, for both forms. */
const loaded = { execa: 'execa', tldts: 'default' };
const shared = {
  name: 'one file for execa and one for tldts',
  resolveId(id) {
    if (id.startsWith('../../chunks/')) return { id, external: true };
    return id in loaded ? `\0shared-${id}` : undefined;
  },
  load(id) {
    const [, name = ''] = /^\0shared-(.*)$/.exec(id) ?? [];
    const exported = loaded[name];
    if (exported === undefined) return undefined;
    const { fileName } = output.find(
      ({ exports, facadeModuleId }) =>
        packageOf(facadeModuleId ?? '') === name && exports.includes(exported),
    );
    // By the default import: Node, too, sees no names in what is minified.
    const declared = exported === 'default' ? 'default' : `const ${exported} =`;
    return `import library from '../../${fileName}'; export ${declared} library.${exported};`;
  },
};

/** No file has any, as package.json says, and esbuild would warn of an import for nothing else. */
const effects = {
  name: 'no imports for effects',
  generateBundle(_, files) {
    for (const file of Object.values(files)) file.code = file.code.replace(/import"\.[^"]*";/g, '');
  },
};

// For who bundles it, the condition `module`: ES modules as fine as the imports make them, so that a program that
// calls one function gets what that one needs. Node reads none of them: it has one copy of everything, above.
await build({
  cwd: root,
  input: { index: 'src/index.ts', ...Object.fromEntries(entries) },
  platform: 'node',
  transform,
  plugins: [shared, replacing, writingDer, effects],
  checks: { ineffectiveDynamicImport: false, bundlerTimings: false },
  output: {
    dir: 'dist/module',
    format: 'esm',
    minify: true,
    comments: { legal: false, jsdoc: false, annotation: true },
    // One for each source. In chunks files would import each other in circles, by import() on the way, and of
    // those Rolldown 1.3 leaves what is not used in a file of its own, also where it is to make one file.
    preserveModules: true,
    entryFileNames: ({ name }) => `${name.replace('node_modules', 'packages')}.mjs`,
  },
});

// The public types, for `import`, and the same for `require()`.
const { output: types } = await build({
  cwd: root,
  input: { index: 'src/index.ts', ...Object.fromEntries(entries) },
  checks: { bundlerTimings: false },
  plugins: [dts({ emitDtsOnly: true, tsconfig: join(root, '.ci/tsconfig.types.json') })],
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].mts',
    chunkFileNames: 'types/[name]-[hash].d.mts',
  },
});
for (const { fileName, code } of types)
  writeFileSync(
    join(root, 'dist', fileName.replace(/\.mts$/, '.cts')),
    code.replace(/(from "\.[^"]*)\.mjs"/g, '$1.cjs"'),
  );
