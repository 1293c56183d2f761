/** Browsers on Linux, without a window: each opens a page with a copy of the database that its store has. */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../platform/types.ts';
import { ifExpected } from '../errors.ts';
import { findEverywhere } from '../commands/stores.ts';
import { inspectStores, type StoreReport } from '../trust.ts';
import { finding, type Finding } from './finding.ts';
import type { Check } from './machine.ts';
import { isLoopbackDown } from './names.ts';
import { inScratch, scratchCertificate, withPage } from './page.ts';
import { policyFindings } from './policies.ts';

export const browsersCheck: Check = {
  id: 'browsers',
  about: 'browsers that open a page',
  async run({ context, root, isOver }) {
    const { host } = context;
    if (root === undefined || isOver || host.platform !== 'linux') return [];
    if (isLoopbackDown(host)) return [];
    // Asked again: to wait for all stores, Java's among them, would take the time that a browser needs.
    const found = await findEverywhere(context, ['nss']);
    const reports = await inspectStores(found, root, { now: host.now() });
    // One whose store does not trust the root is told of already.
    const tried = browsers.flatMap((browser) => {
      const store = reports.find((it) => it.state === 'trusted' && browser.store.test(it.store));
      const file = browser.programs.map((it) => host.find(it)).find((it) => it !== undefined);
      return store === undefined || file === undefined || isBoxed(file, browser, host)
        ? []
        : [{ browser, store, file }];
    });
    if (tried.length === 0) return [];
    // Why not is said by the check of the other programs.
    const certificate = await scratchCertificate(context).catch(ifExpected);
    if (certificate === undefined) return [];
    const results = await Promise.all(
      tried.map(({ browser, store, file }) =>
        withPage(certificate, async (page) => {
          const said = await open(browser, store, file, page.port, host);
          if (page.seen.has(PATH)) return undefined;
          return page.refused() ? distrusts(browser, file, host) : untried(browser, file, said);
        }),
      ),
    );
    return results.flatMap((it) => it ?? []);
  },
};

interface Browser {
  readonly name: string;
  /** The first that is found: all of a family read the same database. */
  readonly programs: readonly string[];
  /** Name of its store; those of boxes have programs of their own. */
  readonly store: RegExp;
  /** Where a home has the database. */
  readonly database: string;
  readonly args: (url: string, home: string, isRoot: boolean) => readonly string[];
}

const browsers: readonly Browser[] = [
  {
    name: 'Chromium',
    programs: ['chromium', 'google-chrome-stable', 'google-chrome', 'chromium-browser'],
    store: /^Chromium$/,
    database: '.pki/nssdb',
    args: (url, home, isRoot) => [
      ...['--headless', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      // It has no sandbox for root, and refuses to start.
      ...(isRoot ? ['--no-sandbox'] : []),
      ...[`--user-data-dir=${join(home, 'data')}`, '--proxy-server=direct://', '--dump-dom', url],
    ],
  },
  {
    name: 'Firefox',
    programs: ['firefox', 'firefox-esr'],
    store: /^Firefox profile /,
    database: 'profile',
    args: (url, home) => [
      ...['--headless', '--no-remote', '--profile', join(home, 'profile')],
      ...['--screenshot', join(home, 'page.png'), url],
    ],
  },
];

/** It takes two seconds, and more where all start at the same time. */
const BROWSER_MS = 7000;
const PATH = 'page';

/** Snaps see neither the folder of the page's copy nor the system's; Flatpak is no program of PATH. */
function isBoxed(file: string, { programs }: Browser, { sysroot }: Host): boolean {
  return (
    file.includes('/snap/') || programs.some((name) => existsSync(join(sysroot, 'snap', name)))
  );
}

/** In a home of its own, as a browser writes into whatever it is given. @returns its last line. */
function open(
  { args, database }: Browser,
  { location }: StoreReport,
  file: string,
  port: number,
  host: Host,
): Promise<string> {
  return inScratch(async (home) => {
    const folder = join(home, database);
    mkdirSync(folder, { recursive: true });
    for (const name of ['cert9.db', 'key4.db'])
      if (existsSync(join(location, name))) copyFileSync(join(location, name), join(folder, name));
    const { stderr, failure } = await host.run({
      file,
      args: args(`https://localhost:${port}/${PATH}`, home, host.isRoot),
      env: {
        ...{ HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home, XDG_DATA_HOME: home },
        ...{ NO_PROXY: 'localhost', no_proxy: 'localhost', MOZ_CRASHREPORTER_DISABLE: '1' },
      },
      timeoutMs: BROWSER_MS,
    });
    return failure === 'timeout' ? 'it took too long' : (stderr.trim().split('\n').at(-1) ?? '');
  });
}

function distrusts({ name }: Browser, file: string, host: Host): Finding | undefined {
  // What is told already is the cause.
  if (name === 'Chromium' && policyFindings(host).length > 0) return undefined;
  return finding(
    'browsers',
    'trust',
    `${name} (${file}) does not trust the root, though its database does`,
    'update the browser: it may read trust in an older form than certutil writes it',
  );
}

function untried({ name, programs }: Browser, file: string, said: string): Finding {
  return finding(
    'browsers',
    'note',
    `${name} (${file}) could not be tried: ${said.slice(0, 160)}`,
    `open a page of the project in it, or see what it says itself: ${programs.find((it) => file.endsWith(it)) ?? file} --version`,
  );
}
