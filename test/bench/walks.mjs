// How far it is from what a person types to the bytes: functions and files on the ways from one function to
// another, read from the source. Prints the numbers of the first commit of the rework beside today's.
//   node test/bench/walks.mjs
import { readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';

const [given = join(import.meta.dirname, '../..')] = process.argv
  .slice(2)
  .filter((it) => it !== '--list');
const root = resolve(given);
const sources = ['bin', 'src', 'platform'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(root, folder, name)),
);
const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config,
  ts.sys,
  root,
);
const program = ts.createProgram(sources, { ...options, noEmit: true });
const checker = program.getTypeChecker();

/** Where a walk begins and ends: names of functions; `before` are those of the first commit of the rework. */
const walks = [
  { what: 'what writes key.pem', from: 'issue', to: ['writeNew'], before: [33, 16] },
  {
    what: 'password → P12',
    from: 'exportCertificate',
    to: ['encodePkcs12KeyStore'],
    before: [6, 5],
  },
  { what: 'install → stores', from: 'install', to: ['installRoot'], before: [6, 4] },
  { what: 'name → SAN', from: 'issue', to: ['subjectAltName'], before: [9, 6] },
  { what: 'CSR → certificate', from: 'sign', to: ['signCertificate'], before: [10, 8] },
];

const functions = new Map(); // declaration → { name, file, calls }
for (const file of program.getSourceFiles()) {
  if (!sources.includes(file.fileName)) continue;
  visit(file, undefined);
}

function visit(node, owner) {
  // A table of functions is a stop as well: who takes one out of it calls it.
  const isTable = ts.isVariableDeclaration(node) && ts.isSourceFile(node.parent.parent.parent);
  if ((ts.isFunctionDeclaration(node) || isTable) && node.name !== undefined) {
    owner = node;
    functions.set(node, {
      name: node.name.text,
      file: relative(root, node.getSourceFile().fileName),
      calls: new Set(),
    });
  }
  // A function that is handed on is called there as well as one that is called here.
  if (owner !== undefined && ts.isIdentifier(node)) {
    let symbol = checker.getSymbolAtLocation(node);
    if (symbol !== undefined && symbol.flags & ts.SymbolFlags.Alias)
      symbol = checker.getAliasedSymbol(symbol);
    const target = symbol?.valueDeclaration;
    // `const { issue } = await import(…)`: the property's own declaration.
    const parent = target?.parent;
    if (target !== undefined && ts.isBindingElement(target) && parent !== undefined) {
      const property = checker.getPropertyOfType(
        checker.getTypeAtLocation(parent),
        target.name.getText(),
      );
      const aliased =
        property && property.flags & ts.SymbolFlags.Alias
          ? checker.getAliasedSymbol(property)
          : property;
      if (aliased?.valueDeclaration) functions.get(owner)?.calls.add(aliased.valueDeclaration);
    } else if (target !== undefined && target !== owner) functions.get(owner)?.calls.add(target);
  }
  ts.forEachChild(node, (child) => visit(child, owner));
}

const callers = new Map();
for (const [declaration, { calls }] of functions)
  for (const called of calls) {
    if (!callers.has(called)) callers.set(called, new Set());
    callers.get(called).add(declaration);
  }

/** Everything that is reached, the start included. */
function closure(starts, next) {
  const seen = new Set(starts);
  for (const it of seen) for (const other of next(it)) if (functions.has(other)) seen.add(other);
  return seen;
}

const named = (name, folder = '') =>
  [...functions]
    .filter(([, it]) => it.name === name && it.file.startsWith(folder))
    .map(([it]) => it);

console.log('functions and files on the ways: before the rework, and now');
for (const { what, from, to, before } of walks) {
  const start = [...named(from, 'src/api/'), ...named(from, 'src/index.ts')];
  const end = to.flatMap((name) => named(name));
  const down = closure(start, (it) => functions.get(it)?.calls ?? []);
  const up = closure(end, (it) => callers.get(it) ?? []);
  const on = [...down].filter((it) => up.has(it)).map((it) => functions.get(it));
  const files = new Set(on.map(({ file }) => file));
  console.log(
    `${what.padEnd(22)} ${before.join(' in ').padStart(8)}, now ${String(on.length)} in ${String(files.size)}`,
  );
  if (process.argv.includes('--list'))
    for (const { name, file } of on) console.log(`    ${file}: ${name}`);
}
