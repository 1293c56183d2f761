/** A page that stays open in headless Chromium: what it shows now, and after a file has changed. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

const TIMEOUT_MS = 60_000;
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  '--remote-debugging-pipe',
];

export interface Page {
  /** Goes there. Gives `ERR_…` if an error page is shown. */
  readonly open: (url: string) => Promise<string | undefined>;
  /** The value of an expression in the page; undefined while it is being loaded. */
  readonly value: (expression: string) => Promise<unknown>;
  /** What the page's WebSockets met with so far: `101`, `ERR_…`. */
  readonly sockets: readonly string[];
}

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
  const data = temporary('devcert-chromium-');
  const browser = spawn('chromium', [...FLAGS, `--user-data-dir=${data}`, 'about:blank'], {
    env: { PATH: process.env.PATH ?? '', HOME: home },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  onTestFinished(() => end(browser));
  const protocol = new Protocol(browser);
  const attached = { targetId: await firstPage(protocol), flatten: true };
  const { sessionId } = await protocol.call('Target.attachToTarget', attached);
  const call = (method: string, params: object = {}) =>
    protocol.call(method, params, String(sessionId));
  await call('Network.enable');
  return {
    sockets: protocol.sockets,
    async open(url) {
      const { errorText } = await call('Page.navigate', { url });
      return (errorText as string | undefined)?.replace(/^net::/, '');
    },
    async value(expression) {
      const { result } = await call('Runtime.evaluate', { expression });
      return (result as { value?: unknown } | undefined)?.value;
    },
  };
}

/** It answers before it has opened its page. */
async function firstPage(protocol: Protocol): Promise<string> {
  for (const until = Date.now() + TIMEOUT_MS; Date.now() < until;) {
    const { targetInfos } = await protocol.call('Target.getTargets', {});
    const pages = targetInfos as { type: string; targetId: string }[];
    const page = pages.find(({ type }) => type === 'page');
    if (page !== undefined) return page.targetId;
    await sleep(50);
  }
  throw new Error('Chromium opens no page');
}

/** The DevTools protocol over its pipe: JSON, ended by a zero byte. */
class Protocol {
  readonly sockets: string[] = [];
  readonly #pipe: Duplex;
  #buffer = '';
  #id = 0;
  readonly #waiting = new Map<number, (answer: Record<string, unknown>) => void>();

  constructor(browser: ChildProcess) {
    this.#pipe = browser.stdio[3] as Duplex;
    this.#pipe.on('error', () => undefined); // the browser has ended: calls time out
    (browser.stdio[4] as Duplex).setEncoding('utf8').on('data', (text: string) => {
      const messages = (this.#buffer + text).split('\0');
      this.#buffer = messages.pop() ?? '';
      for (const message of messages) this.#read(JSON.parse(message) as Message);
    });
  }

  call(method: string, params: object, sessionId?: string): Promise<Record<string, unknown>> {
    const id = ++this.#id;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`${method}: no answer`));
      }, TIMEOUT_MS);
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.#pipe.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  #read({ id, result, method, params }: Message): void {
    if (id !== undefined) this.#waiting.get(id)?.(result ?? {});
    else if (method === 'Network.webSocketHandshakeResponseReceived')
      this.sockets.push(String(params?.response?.status));
    else if (method === 'Network.webSocketFrameError')
      this.sockets.push(/ERR_\w+/.exec(String(params?.errorMessage))?.[0] ?? 'error');
  }
}

interface Message {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly method?: string;
  readonly params?: { readonly response?: { readonly status?: number }; errorMessage?: string };
}

function temporary(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return folder;
}

async function end(browser: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => browser.once('exit', resolve));
  try {
    process.kill(-(browser.pid ?? 0), 'SIGKILL');
  } catch {
    return; // it has ended already
  }
  if (browser.exitCode === null && browser.signalCode === null) await ended;
}
