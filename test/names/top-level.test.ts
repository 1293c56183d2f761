/** The top-level domains in the source are those of the public suffix list that the command has. */
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadSuffixes } from '../../src/names/publicsuffix.ts';
import { isBelowTopLevel, topLevelDomains } from '../../src/names/top-level.ts';

/** The list as tldts has it: labels one after another, those below a node from one edge to another. */
interface Trie {
  readonly edgeStart: ArrayLike<number>;
  readonly edgeLength: ArrayLike<number>;
  readonly labelText: string;
  readonly rulesRoot: number;
}

async function firstLabels(): Promise<string[]> {
  const main = createRequire(import.meta.url).resolve('tldts/package.json');
  const file = join(dirname(main), 'dist/es6/src/data/trie.js');
  const trie = (await import(pathToFileURL(file).href)) as Trie;
  const [from = 0, to = 0] = [0, 1].map((it) => trie.edgeStart[trie.rulesRoot + it]);
  let offset = 0;
  return Array.from(trie.edgeLength).flatMap((length, edge) => {
    const label = trie.labelText.slice(offset, (offset += length));
    return edge >= from && edge < to ? [label] : [];
  });
}

/** As the source has them. */
function encode(labels: readonly string[]): string {
  const lines = [''];
  for (const [index, label] of labels.entries()) {
    const before = labels[index - 1] ?? '';
    let common = 0;
    while (common < before.length && before[common] === label[common]) common++;
    const word = String.fromCharCode(0x41 + common) + label.slice(common);
    if (`${lines.at(-1) ?? ''}${word}`.length > 118) lines.push('');
    lines.push(`${lines.pop() ?? ''}${word}`);
  }
  return lines.join('\n');
}

test('topLevelDomains() are all first labels of the public suffix list', async () => {
  // The list has labels that are not ASCII in both spellings.
  const labels = (await firstLabels()).filter((it) => /^[!-~]+$/.test(it)).sort();
  const source = readFileSync(join(import.meta.dirname, '../../src/names/top-level.ts'), 'utf8');
  expect(source.split('`\n')[1]?.split('\n`')[0]).toBe(encode(labels));
  expect(topLevelDomains()).toEqual(labels);
});

test('the list knows whose every name below them is, and of others nobody', async () => {
  const suffixes = await loadSuffixes();
  for (const domain of topLevelDomains()) {
    expect([domain, suffixes.isPublicSuffix(domain)]).toEqual([domain, true]);
    for (const below of [`a-b.${domain}`, `x.a-b.${domain}`])
      expect([below, suffixes.isPublicSuffix(below) || suffixes.hasPublicDomain(below)]).toEqual([
        below,
        true,
      ]);
  }
  for (const name of ['corp', 'engine.corp', 'x.engine.corp', 'nas.home'])
    expect([
      isBelowTopLevel(name),
      suffixes.isPublicSuffix(name),
      suffixes.hasPublicDomain(name),
    ]).toEqual([false, false, false]);
});
