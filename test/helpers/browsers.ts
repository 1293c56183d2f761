/** Real browsers without a window: does this page open? */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import { run } from './run.ts';

export interface Visit {
  /** True if the page itself was shown, not an error page. */
  readonly ok: boolean;
  /** The browser's word for what was wrong: `ERR_CERT_AUTHORITY_INVALID`, `SEC_ERROR_UNKNOWN_ISSUER`. */
  readonly error?: string;
  /** Text of what was shown. */
  readonly text: string;
}

export interface VisitOptions {
  /** The user's home: where trust databases are. */
  readonly home: string;
  /** Of Firefox: the profile that it made itself at a first start; one is made as it would if left out. */
  readonly profile?: string;
  /** What a box adds to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 60_000;

/** What a browser gets: a home, and nothing that says whom to trust. */
function browserEnv(home: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH ?? '',
    HOME: home,
    MOZ_HEADLESS: '1',
    MOZ_CRASHREPORTER_DISABLE: '1',
  };
}

/** Opens a page in headless Chromium with a user-data folder of its own. */
export async function openInChromium(url: string, { home }: VisitOptions): Promise<Visit> {
  const data = mkdtempSync(join(tmpdir(), 'devcert-chromium-'));
  const clean = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
  try {
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
    ];
    const quiet = [
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ];
    const { output } = await run(
      'chromium',
      [...flags, ...quiet, `--user-data-dir=${data}`, '--timeout=50000', '--dump-dom', url],
      { env: { ...clean, ...browserEnv(home) }, timeoutMs: TIMEOUT_MS },
    );
    const error = /\bERR_[A-Z_]+/.exec(output)?.[0];
    const text = output.replace(/<[^>]*>/g, ' ');
    // One that was not loaded in time is shown, too, with nothing in it.
    const [, shown = ''] = /<body[^>]*>([^]*)<\/body>/i.exec(output) ?? [];
    return error === undefined ? { ok: /\w/.test(shown), text } : { ok: false, error, text };
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

/** Opens a page in headless Firefox, in the one profile of this home, which is made at the first visit. */
export async function openInFirefox(
  url: string,
  { home, profile: own, env = {} }: VisitOptions,
): Promise<Visit> {
  const port = await freePort();
  const profile = own ?? newProfile(home);
  quieten(profile, port);
  const args = ['--headless', '--no-remote', '--marionette', '--profile', profile];
  const browser = spawn('firefox-esr', args, {
    env: { ...browserEnv(home), ...env },
    stdio: 'ignore',
  });
  try {
    const session = await Marionette.start(port);
    try {
      await session.call('WebDriver:NewSession', {
        capabilities: { alwaysMatch: { acceptInsecureCerts: false } },
      });
      const failure = await session.call('WebDriver:Navigate', { url }).then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : 'unknown'),
      );
      const script = 'return document.documentElement.outerHTML + document.body.innerText';
      const text = String(await session.call('WebDriver:ExecuteScript', { script, args: [] }));
      if (failure === undefined) return { ok: true, text };
      return {
        ok: false,
        error: /\b(?:SEC|MOZILLA_PKIX|SSL)_ERROR_[A-Z_]+/.exec(text)?.[0] ?? failure,
        text,
      };
    } finally {
      await session.quit();
    }
  } finally {
    await new Promise<void>((resolve) => {
      if (browser.exitCode !== null || browser.signalCode !== null) resolve();
      browser.on('exit', () => {
        resolve();
      });
      setTimeout(() => browser.kill('SIGKILL'), 5000).unref();
    });
  }
}

/** Starts Firefox once, as a user who has just installed it: it makes its profile. */
export async function startFirefoxOnce({ home, env = {} }: VisitOptions): Promise<void> {
  const shot = join(home, 'first-start.png');
  const clean = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
  await run('firefox-esr', ['--headless', '--no-remote', '--screenshot', shot, 'about:blank'], {
    env: { ...clean, ...browserEnv(home), ...env },
    timeoutMs: TIMEOUT_MS,
  });
  rmSync(shot, { force: true });
}

/** A profile as a first start makes it. */
function newProfile(home: string): string {
  const base = join(home, '.config/mozilla/firefox');
  const profile = join(base, 'test.default-esr');
  mkdirSync(profile, { recursive: true });
  writeFileSync(
    join(base, 'profiles.ini'),
    '[Profile0]\nName=default-esr\nIsRelative=1\nPath=test.default-esr\n\n[General]\nStartWithLastProfile=1\nVersion=2\n',
  );
  return profile;
}

/** Tells a profile to be quiet on the network, and where it is controlled. */
function quieten(profile: string, port: number): void {
  const preferences: Record<string, unknown> = {
    'marionette.port': port,
    'app.update.enabled': false,
    'browser.aboutwelcome.enabled': false,
    'browser.safebrowsing.malware.enabled': false,
    'browser.safebrowsing.phishing.enabled': false,
    'browser.shell.checkDefaultBrowser': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'extensions.update.enabled': false,
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
    'network.dns.disablePrefetch': true,
    'services.settings.server': 'data:,#remote-settings-dummy/v1',
    'toolkit.telemetry.enabled': false,
  };
  const lines = Object.entries(preferences).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
  );
  writeFileSync(join(profile, 'user.js'), `${lines.join('\n')}\n`);
}

/** Firefox's automation protocol: `length:[0, id, command, parameters]` over TCP. */
class Marionette {
  readonly #socket: Socket;
  #buffer = Buffer.alloc(0);
  #id = 0;
  readonly #waiting = new Map<number, (answer: [unknown, unknown]) => void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (data) => {
      this.#read(data);
    });
    socket.on('error', () => undefined);
  }

  /** Connects as soon as the browser listens. */
  static async start(port: number): Promise<Marionette> {
    for (const deadline = Date.now() + TIMEOUT_MS; ;) {
      const socket = await new Promise<Socket | undefined>((resolve) => {
        const attempt = connect(port, '127.0.0.1', () => {
          resolve(attempt);
        });
        attempt.on('error', () => {
          resolve(undefined);
        });
      });
      if (socket !== undefined) return new Marionette(socket);
      if (Date.now() > deadline) throw new Error('Firefox did not start');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Sends a command; rejects with the browser's own message. */
  call(command: string, parameters: object): Promise<unknown> {
    const id = ++this.#id;
    const body = JSON.stringify([0, id, command, parameters]);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`${command}: no answer`));
      }, TIMEOUT_MS);
      this.#waiting.set(id, ([error, result]) => {
        clearTimeout(timer);
        if (error === null) resolve((result as { value?: unknown } | null)?.value);
        else reject(new Error((error as { message: string }).message));
      });
      this.#socket.write(`${Buffer.byteLength(body)}:${body}`);
    });
  }

  async quit(): Promise<void> {
    await this.call('Marionette:Quit', { flags: ['eForceQuit'] }).catch(() => undefined);
    this.#socket.destroy();
  }

  #read(data: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, data]);
    for (;;) {
      const colon = this.#buffer.indexOf(':');
      if (colon < 0) return;
      const end = colon + 1 + Number(this.#buffer.subarray(0, colon).toString());
      if (this.#buffer.length < end) return;
      const message: unknown = JSON.parse(this.#buffer.subarray(colon + 1, end).toString());
      this.#buffer = this.#buffer.subarray(end);
      if (!Array.isArray(message)) continue; // the greeting
      const [, id, error, result] = message as [number, number, unknown, unknown];
      this.#waiting.get(id)?.([error, result]);
      this.#waiting.delete(id);
    }
  }
}
