// Every text of the command that a person reads, for reviewers: read them aloud once.
//   node test/bench/texts.mjs [WORD]   only those with the word in them
// Each with its file, line and situation: the function it is in, and what it is there (the code of an error, a
// hint, a note, a description in help). The guides are texts as they are: devcert help TOPIC.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';

const root = resolve(import.meta.dirname, '../..');
const word = process.argv[2]?.toLowerCase();

/** Not shown to anybody: what other programs are given. */
const quiet = /^(?:src\/recipes|src\/mtls\/readme|platform\/run)/;

for (const folder of ['bin', 'src', 'platform'])
  for (const entry of readdirSync(join(root, folder), { recursive: true }).sort()) {
    const path = `${folder}/${String(entry).replaceAll('\\', '/')}`;
    if (path.endsWith('.ts') && !quiet.test(path)) show(path, textsIn(path));
  }

function show(path, texts) {
  const shown = texts.filter(({ text }) => word === undefined || text.toLowerCase().includes(word));
  if (shown.length === 0) return;
  console.log(`\n${relative('.', join(root, path))}`);
  for (const { line, situation, text } of shown)
    console.log(`  ${String(line).padStart(3)}  ${situation}\n       ${visible(text)}`);
}

function visible(text) {
  return JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
}

function textsIn(path) {
  const source = ts.createSourceFile(
    path,
    readFileSync(join(root, path), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  const texts = [];
  const visit = (node) => {
    const text = textOf(node);
    if (text !== undefined && /[a-z].* .*[a-z]/i.test(text.replace(/\{\S*\}/g, ''))) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      texts.push({ line: line + 1, situation: situationOf(node), text });
    } else if (!ts.isImportDeclaration(node)) ts.forEachChild(node, visit);
  };
  visit(source);
  return texts;
}

/** What is written there, with `{name}` for what is known only when it is said. */
function textOf(node) {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  const spans = node.templateSpans.map(
    ({ expression, literal }) => `{${expression.getText().replace(/\s+/g, ' ')}}${literal.text}`,
  );
  return node.head.text + spans.join('');
}

function situationOf(node) {
  const found = [];
  for (let at = node; at.parent !== undefined; at = at.parent) {
    const { parent } = at;
    if (ts.isNewExpression(parent)) {
      const [code] = parent.arguments ?? [];
      const isError = parent.expression.getText() === 'DevcertError';
      found.push(isError ? `error ${code?.getText() ?? ''}` : parent.expression.getText());
    } else if (ts.isCallExpression(parent) && parent.expression !== at)
      found.push(`${parent.expression.getText().split('\n')[0]}()`);
    else if (ts.isPropertyAssignment(parent)) found.push(parent.name.getText());
    else if (ts.isFunctionLike(parent) || ts.isVariableDeclaration(parent))
      if (parent.name !== undefined && at !== parent.name)
        found.push(`in ${parent.name.getText()}`);
  }
  return found.reverse().join(', ');
}
