/** What the product's source holds, as its syntax tree has it: no comments, no names of things. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

const root = resolve(import.meta.dirname, '../..');

/** Every text in quotes or backticks below `src` and `platform`; `…` stands for what is put into it. */
export function texts(): { readonly path: string; readonly text: string }[] {
  return nodes().flatMap(({ path, node }) => {
    if (ts.isStringLiteralLike(node)) return [{ path, text: node.text }];
    if (!ts.isTemplateExpression(node)) return [];
    const parts = [node.head, ...node.templateSpans.map(({ literal }) => literal)];
    return [{ path, text: parts.map(({ text }) => text).join('…') }];
  });
}

/** Every literal `Step` that names its command or stands in a text. */
export function steps(): {
  readonly path: string;
  readonly command: string | undefined;
  readonly options: readonly string[];
}[] {
  return nodes().flatMap(({ path, node }) => {
    if (!ts.isObjectLiteralExpression(node)) return [];
    const parts = new Map(
      node.properties.flatMap((it) =>
        it.name !== undefined && ts.isIdentifier(it.name) ? [[it.name.text, it] as const] : [],
      ),
    );
    const named = parts.get('command');
    const command =
      named !== undefined && ts.isPropertyAssignment(named) && ts.isStringLiteral(named.initializer)
        ? named.initializer.text
        : undefined;
    const isSaid =
      ts.isTemplateSpan(node.parent) &&
      ts.isTaggedTemplateExpression(node.parent.parent.parent) &&
      node.parent.parent.parent.tag.getText() === 'say';
    if (command === undefined && !(isSaid && named === undefined)) return [];
    const options = [...parts.keys()].filter((it) => it !== 'command' && it !== 'names');
    return [{ path, command, options }];
  });
}

/** The options that functions of the library take, by what is checked of them. */
export function optionKinds(): ReadonlyMap<string, string> {
  return new Map(
    nodes().flatMap(({ path, node }) =>
      path.startsWith('src/api/') &&
      ts.isPropertyAssignment(node) &&
      ts.isIdentifier(node.name) &&
      ts.isStringLiteral(node.initializer)
        ? [[node.name.text, node.initializer.text]]
        : [],
    ),
  );
}

function nodes(): { readonly path: string; readonly node: ts.Node }[] {
  const found: { path: string; node: ts.Node }[] = [];
  for (const folder of ['src', 'platform'])
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue;
      const path = join(folder, name);
      const text = readFileSync(join(root, path), 'utf8');
      const visit = (node: ts.Node) => {
        found.push({ path: path.replaceAll('\\', '/'), node });
        ts.forEachChild(node, visit);
      };
      visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
    }
  return found;
}
