// Writes the reference in src/guides/library.md: what `devcert-local` and each of its entries export, made of
// the declarations and their docstrings. test/reference.test.ts holds that it is as this makes it.
//
//   node .ci/reference.mjs            writes it
//   node .ci/reference.mjs --print    prints the guide as it should be
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import ts from 'typescript';

const WIDTH = 80;
const root = resolve(import.meta.dirname, '..');
const entries = join(root, 'src/entry');
const modules = {
  'devcert-local': 'src/index.ts',
  ...Object.fromEntries(
    (existsSync(entries) ? readdirSync(entries).sort() : []).map((file) => [
      `devcert-local/${basename(file, '.ts')}`,
      `src/entry/${file}`,
    ]),
  ),
};
// Names and comments are all that is asked of it: it needs no types of Node or of the language.
const program = ts.createProgram(
  Object.values(modules).map((file) => join(root, file)),
  {
    ...{ noLib: true, types: [], allowImportingTsExtensions: true, noEmit: true },
    ...{ module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
  },
);
const checker = program.getTypeChecker();

/** Declaration → where it stood first: what an entry has of the library is named, not told again. */
const told = new Map();

const guide = join(root, 'src/guides/library.md');
const text = readFileSync(guide, 'utf8').replaceAll('\r\n', '\n');
const [START, END] = [
  '<!-- reference: made of the docstrings by .ci/reference.mjs -->\n',
  '<!-- end of the reference -->\n',
];
const [before, rest = END] = text.split(START);
const after = rest.slice(rest.lastIndexOf(END));
const sections = Object.entries(modules).map(sectionOf).join('\n');
const written = `${before.trimEnd()}\n\n${START}\n${sections}\n${after}`;
if (process.argv[2] === '--print') process.stdout.write(written);
else writeFileSync(guide, written);

/** All functions and classes of a module, by name. */
function sectionOf([module, file]) {
  const source = program.getSourceFile(join(root, file));
  const names = new Map();
  const others = [];
  for (const symbol of checker.getExportsOfModule(checker.getSymbolAtLocation(source))) {
    const declaration = declarationOf(symbol);
    if (declaration === undefined) continue;
    const first = told.get(declaration) ?? module;
    told.set(declaration, first);
    if (first !== module) others.push(`\`${symbol.name}\` of \`${first}\``);
    else names.set(declaration, [...(names.get(declaration) ?? []), symbol.name]);
  }
  const items = [...names]
    .map(([declaration, all]) => {
      const [name = 'default'] = all.filter((it) => it !== 'default');
      return { name, isDefault: all.includes('default'), declaration };
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const about = module === 'devcert-local' ? [] : [`${headOf(source)}\n`];
  const also = others.length === 0 ? [] : [`And ${others.sort().join(', ')}.\n`];
  return [`## ${module}\n`, ...about, ...items.map(itemOf), ...also].join('\n');
}

/** The function or class of an export; undefined for a type. */
function declarationOf(symbol) {
  const target =
    (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
  return target.declarations?.find(
    (it) =>
      ts.isFunctionDeclaration(it) || ts.isClassDeclaration(it) || ts.isVariableDeclaration(it),
  );
}

/** What a file says of itself above its imports. */
function headOf(source) {
  const [comment = ''] = /^\/\*\*[^]*?\*\//.exec(source.text) ?? [];
  return flowing(comment.replace(/^\/\*\*|\*\/$/g, '').replace(/^ *\* ?/gm, ''));
}

function itemOf({ name, isDefault, declaration }) {
  const documented = ts.isVariableDeclaration(declaration)
    ? declaration.parent.parent
    : declaration;
  const [doc] = documented.jsDoc?.slice(-1) ?? [];
  if (doc === undefined) throw new Error(`"${name}" has no docstring`);
  const tags = doc.tags ?? [];
  const lines = tags.flatMap((tag) => {
    const said = flowing(ts.getTextOfJSDocComment(tag.comment) ?? '');
    if (ts.isJSDocParameterTag(tag)) return [`- \`${tag.name.text}\`: ${said}`];
    if (ts.isJSDocReturnTag(tag)) return [`- Returns ${said}`];
    if (ts.isJSDocThrowsTag(tag)) return [`- Throws ${said}`];
    return [];
  });
  const summary = flowing(ts.getTextOfJSDocComment(doc.comment) ?? '');
  return [
    `### ${name}\n`,
    ...(isDefault && name !== 'default' ? ['Also the default export.\n'] : []),
    `\`\`\`ts\n${signatureOf(name, declaration)}\n\`\`\`\n`,
    ...(summary === '' ? [] : [`${summary}\n`]),
    ...(lines.length === 0 ? [] : [`${lines.join('\n')}\n`]),
  ].join('\n');
}

/** Paragraphs in one line each; a link is the name that it leads to. */
function flowing(comment) {
  return comment
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .trim()
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\s*\n\s*(?!- )/g, ' ').trim())
    .join('\n\n');
}

function signatureOf(name, declaration) {
  if (ts.isClassDeclaration(declaration)) return classOf(declaration);
  const own = ts.isVariableDeclaration(declaration) ? declaration.initializer : declaration;
  if (own === undefined || !ts.isFunctionLike(own))
    return `${name}: ${textOf(declaration.type ?? declaration.initializer) ?? '…'}`;
  const parameters = own.parameters.map(
    ({ name, type, questionToken, initializer, dotDotDotToken }, index) => {
      const optional = questionToken ?? initializer;
      const word = ts.isIdentifier(name) ? name.text : index === 0 ? 'options' : `options${index}`;
      const said = `${word}${optional === undefined ? '' : '?'}`;
      return `${dotDotDotToken === undefined ? '' : '...'}${said}: ${textOf(type) ?? '…'}`;
    },
  );
  const result = `: ${textOf(own.type) ?? '…'}`;
  const generics = own.typeParameters?.map((it) => textOf(it)).join(', ');
  const start = `${name}${generics === undefined ? '' : `<${generics}>`}`;
  const line = `${start}(${parameters.join(', ')})${result}`;
  if (line.length <= WIDTH) return line;
  return `${start}(\n${parameters.map((it) => `  ${it},\n`).join('')})${result}`;
}

/** Its public fields, each with what is said of it. */
function classOf(declaration) {
  const base = declaration.heritageClauses?.map((it) => ` ${textOf(it)}`).join('') ?? '';
  const fields = declaration.members.filter(
    (it) =>
      (ts.isPropertyDeclaration(it) || ts.isGetAccessor(it)) &&
      !ts.isPrivateIdentifier(it.name) &&
      !/\bprivate\b|\bstatic\b/.test(it.modifiers?.map((word) => word.getText()).join(' ') ?? ''),
  );
  const lines = fields.map((it) => {
    const said = flowing(ts.getTextOfJSDocComment(it.jsDoc?.at(-1)?.comment) ?? '');
    const type = textOf(it.type ?? it.initializer) ?? '…';
    return `  ${it.name.getText()}: ${type};${said === '' ? '' : ` // ${said}`}`;
  });
  return `class ${declaration.name?.text ?? ''}${base} {\n${lines.join('\n')}\n}`;
}

/** Source text in one line. */
function textOf(node) {
  return node
    ?.getText()
    .replace(/\s+/g, ' ')
    .replace(/,? ([\])])/g, '$1')
    .replace(/([[(]) /g, '$1')
    .replace(/, \}/g, ' }');
}
