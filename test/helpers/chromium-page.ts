/** A page that stays open in headless Chromium: what it shows now, and after a file has changed. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openChromium, type Page } from './chromium.ts';

const TIMEOUT_MS = 60_000;

/** A home whose browsers trust this root and no other of ours. @param caFile none: it trusts nothing of ours. */
export function trustingHome(caFile?: string): string {
  const home = temporary('devcert-trusting-');
  const database = join(home, '.pki/nssdb');
  mkdirSync(database, { recursive: true });
  const certutil = (...args: string[]) => {
    execFileSync('certutil', ['-d', `sql:${database}`, ...args], { timeout: TIMEOUT_MS });
  };
  certutil('-N', '--empty-password');
  if (caFile !== undefined) certutil('-A', '-t', 'C,,', '-n', 'root', '-i', caFile);
  return home;
}

/** Starts Chromium with the trust database of this home; it ends with the test. */
export async function startChromium(home: string): Promise<Page> {
  const env = { PATH: process.env.PATH ?? '', HOME: home };
  const { page, end } = await openChromium(temporary('devcert-chromium-'), { env });
  onTestFinished(end);
  return page;
}

function temporary(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return folder;
}
