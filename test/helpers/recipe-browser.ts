/** Dev servers as a developer sees them: the links that they print, the page in Chromium, and what an edit does to it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Page } from './chromium.ts';
import { visit } from './recipe-server.ts';

/** A dev server that runs. */
interface Served {
  /** The root that its certificate is of. */
  readonly ca: Buffer;
  readonly port: number;
  /** What it has printed so far. */
  readonly output: () => string;
  /** A host that it prints, too, and that the certificate is not for. */
  readonly beside?: string | undefined;
}

export interface Watched {
  /** The source of the page, which says hello; an edit has it say changed. */
  readonly source: string;
  /**
   * What of the page survives the edit: `state` if a module is replaced, `nothing` if it is loaded anew; `server` for
   * one that starts anew by itself, and whose page one has to load again.
   */
  readonly keeps: 'state' | 'nothing' | 'server';
}

/** Every link that the server prints is HTTPS that the certificate is for. @returns the first. */
export async function expectLinks(served: Served): Promise<string> {
  const links = () =>
    printedLinks(served).filter((link) => new URL(link).hostname !== served.beside);
  await expect.poll(links).not.toEqual([]);
  for (const link of links()) {
    expect(link).toMatch(/^https:/);
    expect([link, await visit(served.port, { ca: served.ca }, new URL(link).hostname)]).toEqual([
      link,
      { page: expect.stringMatching(/hello|<script/) as string },
    ]);
  }
  return links()[0] ?? '';
}

/** In this Chromium the page is shown without a warning, and follows its source. */
export async function expectHotReload(page: Page, url: string, watched: Watched): Promise<void> {
  const { source, keeps } = watched;
  expect(await page.open(url)).toBeUndefined();
  const text = () => page.value('document.body.innerText');
  await expect.poll(text).toContain('hello');
  if (keeps !== 'server') await expect.poll(() => page.sockets).toContain('101');
  const original = readFileSync(source, 'utf8');
  // An edit while the page still starts may pass it by or load it anew, as the first of a developer may.
  const survives = keeps === 'state' ? true : undefined;
  for (let edit = 1; edit <= 12; edit++) {
    await page.value('globalThis.stillThere = true');
    writeFileSync(source, original.replace('hello', `changed${String(edit)}`));
    // The longer the slower the machine has shown to be.
    const until = Date.now() + 3000 + edit * 1000;
    while (Date.now() < until && !String(await text()).includes(`changed${String(edit)}`)) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (keeps === 'server') await page.open(url);
    }
    if (Date.now() < until && (await page.value('globalThis.stillThere')) === survives) break;
    // One whose modules were bundled anew while it loaded follows nothing until it is loaded again.
    await page.open(url);
    await expect.poll(text).toMatch(/hello|changed/);
  }
  expect(await text()).toContain('changed');
  expect(await page.value('globalThis.stillThere')).toBe(survives);
  expect(page.sockets.filter((it) => it !== '101')).toEqual([]);
}

/** Without colours; a link may stand in a sentence. */
function printedLinks({ output, port }: Served): string[] {
  const plain = output().replace(/\u001b\[[\d;]*[A-Za-z]/g, '');
  const links = plain.match(/https?:\/\/[\w.:[\]-]+/g) ?? [];
  return [...new Set(links.filter((link) => link.endsWith(`:${String(port)}`)))];
}
