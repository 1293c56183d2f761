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

const guide = join(root, 'src/guides/library.md');
const text = readFileSync(guide, 'utf8').replaceAll('\r\n', '\n');
const [before, rest = ''] = text.split(/(?<=<!-- reference: .*-->\n)/);
const after = /<!-- end of the reference -->[^]*/.exec(rest)?.[0];
if (after === undefined) throw new Error(`"${guide}" has no place for the reference`);
const written = `${before}\n${Object.entries(modules).map(sectionOf).join('\n')}\n${after}`;
if (process.argv[2] === '--print') process.stdout.write(written);
else writeFileSync(guide, written);

/** All functions and classes of a module, by name. */
function sectionOf([name, file]) {
  const source = program.getSourceFile(join(root, file));
  const exported = checker
    .getExportsOfModule(checker.getSymbolAtLocation(source))
    .map((symbol) => ({
      name: symbol.name === 'default' ? `default of ${name}` : symbol.name,
      declaration: declarationOf(symbol),
    }))
    .filter(({ declaration }) => declaration !== undefined)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const about = name === 'devcert-local' ? '' : `\n${headOf(source)}\n`;
  return `## ${name}\n${about}\n${exported.map(itemOf).join('\n')}`;
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

function itemOf({ name, declaration }) {
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
  const called = name.replace(/^default of .*/, 'default');
  const own = ts.isVariableDeclaration(declaration) ? declaration.initializer : declaration;
  if (own === undefined || !ts.isFunctionLike(own))
    return `${called}: ${textOf(declaration.type) ?? '…'}`;
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
  const start = `${called}${generics === undefined ? '' : `<${generics}>`}`;
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
  return node?.getText().replace(/\s+/g, ' ').replace(/, \}/g, ' }').replace(/, \)/g, ')');
}
