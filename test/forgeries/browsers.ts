/** Browsers, each started once: a page of our server tries every host and reports to it. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../helpers/run.ts';
import type { Surroundings } from './engines.ts';
import { GOOD_HOST } from './cases.ts';

const TIMEOUT_MS = 90_000;

/** Chromium, with the root in the NSS database of a home of its own. */
export async function visitInChromium(
  program: string,
  _hosts: readonly string[],
  around: Surroundings,
): Promise<readonly string[]> {
  const home = mkdtempSync(join(around.folder, 'chromium-'));
  await trustIn(join(home, '.pki/nssdb'), around.ca);
  return reported(program, home, around, [
    ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
    ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    `--user-data-dir=${join(home, 'data')}`,
    `--host-resolver-rules=MAP * 127.0.0.1`,
  ]);
}

/** Firefox, with the root in a profile of its own. */
export async function visitInFirefox(
  program: string,
  _hosts: readonly string[],
  around: Surroundings,
): Promise<readonly string[]> {
  const home = mkdtempSync(join(around.folder, 'firefox-'));
  const profile = join(home, 'profile');
  await trustIn(profile, around.ca);
  const preferences: Record<string, unknown> = {
    'network.dns.forceResolve': '127.0.0.1',
    'app.update.enabled': false,
    'browser.aboutwelcome.enabled': false,
    'browser.shell.checkDefaultBrowser': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
    'services.settings.server': 'data:,#remote-settings-dummy/v1',
    'toolkit.telemetry.enabled': false,
  };
  writeFileSync(
    join(profile, 'user.js'),
    Object.entries(preferences)
      .map((it) => `user_pref(${it.map((part) => JSON.stringify(part)).join(', ')});\n`)
      .join(''),
  );
  return reported(program, home, around, ['--headless', '--no-remote', '--profile', profile]);
}

/** An NSS database with this root, trusted for servers or by other flags of certutil's. */
export async function trustIn(database: string, ca: string, flags = 'C,,'): Promise<void> {
  mkdirSync(database, { recursive: true });
  const at = ['-d', `sql:${database}`];
  for (const args of [
    ['-N', '--empty-password', ...at],
    ['-A', ...at, '-t', flags, '-n', 'root', '-i', ca],
  ]) {
    const { status, output } = await run('certutil', args);
    if (status !== 0) throw new Error(`certutil: ${output}`);
  }
}

/** Starts it on the page, waits for the report, ends it. */
async function reported(
  program: string,
  home: string,
  { server }: Surroundings,
  args: readonly string[],
): Promise<readonly string[]> {
  const child = spawn(program, [...args, `https://${GOOD_HOST}:${server.port}/visit`], {
    env: {
      PATH: process.env.PATH ?? '',
      HOME: home,
      MOZ_HEADLESS: '1',
      MOZ_CRASHREPORTER_DISABLE: '1',
    },
    stdio: 'ignore',
    detached: true, // it is several processes: the group is ended
  });
  const ended = new Promise<void>((resolve) => {
    child.on('exit', () => {
      resolve();
    });
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      server.onReport = resolve;
      timer = setTimeout(() => {
        reject(new Error(`${program} reports nothing`));
      }, TIMEOUT_MS);
    });
  } finally {
    clearTimeout(timer);
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await ended;
  }
}
