/** Python and its frameworks, Go and Puma from Debian, each running its recipe and nothing else. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  createKitchen,
  expectHttps,
  expectMutualHttps,
  freePort,
  serverFolder,
  startProgram,
  write,
} from '../helpers/recipes.ts';
import { needs } from '../helpers/require.ts';
import { findProgram, run } from '../helpers/run.ts';

const kitchen = await createKitchen();

// Go compiles its library once for both programs.
const goCache = mkdtempSync(join(tmpdir(), 'devcert-go-'));
afterAll(() => {
  rmSync(goCache, { recursive: true, force: true });
});

/** Debian's Python and what is installed for it, whatever else is on the PATH. */
const python = (env: Record<string, string> = {}) => ({
  env: { PATH: `/usr/bin:${process.env.PATH ?? ''}`, PYTHONDONTWRITEBYTECODE: '1', ...env },
});

/** The recipe's command, in a folder with an application; where it is a file, the command below it. */
const shell = async (text: string, folder: string, port: number, env?: Record<string, string>) => {
  const command = text.startsWith('# run\n')
    ? text
    : /\n# run:\n((?:# .*\n?)+)$/.exec(text)?.[1]?.replace(/^# /gm, '');
  await startProgram('sh', ['-c', command ?? 'false'], port, { cwd: folder, ...python(env) });
};

const start: Record<string, (text: string, folder: string, port: number) => Promise<void>> = {
  python: (text, folder, port) =>
    startProgram('/usr/bin/python3', [write(folder, 'server.py', text)], port),
  go: async (text, folder, port) => {
    const program = join(folder, 'server');
    const env = { GOCACHE: goCache, GOFLAGS: '-mod=mod', GO111MODULE: 'off', CGO_ENABLED: '0' };
    const args = ['build', '-o', program, write(folder, 'main.go', text)];
    const built = await run('go', args, { env, timeoutMs: 100_000 });
    expect(built.status, built.output).toBe(0);
    await startProgram(program, [], port);
  },
  uvicorn: async (text, folder, port) => {
    write(
      folder,
      'main.py',
      `async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
`,
    );
    await shell(text, folder, port);
  },
  flask: async (text, folder, port) => {
    write(
      folder,
      'app.py',
      `from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello():
    return "hello"
`,
    );
    if (text.startsWith('# serve.py')) write(folder, 'serve.py', text);
    await shell(text, folder, port);
  },
  django: async (text, folder, port) => {
    const made = await run('/usr/bin/django-admin', ['startproject', 'site_', folder], python());
    expect(made.status, made.output).toBe(0);
    write(
      join(folder, 'site_'),
      'urls.py',
      `from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse("hello"))]
`,
    );
    // The recipe's note.
    write(
      folder,
      'more.py',
      'from site_.settings import *\nINSTALLED_APPS += ["django_extensions"]\n',
    );
    await shell(text, folder, port, {
      DJANGO_SETTINGS_MODULE: 'more',
      DJANGO_PROJECT: 'site_',
    });
  },
  puma: (text, folder, port) => {
    write(folder, 'config.ru', 'run ->(_env) { [200, {}, ["hello\\n"]] }');
    const file = write(folder, 'puma.rb', text);
    return startProgram('puma', ['--config', file, '--dir', folder], port, { cwd: folder });
  },
};

describe.each([
  { name: 'python', program: 'python3' },
  { name: 'uvicorn', program: 'uvicorn' },
  { name: 'flask', program: 'flask' },
  { name: 'django', program: 'django-admin' },
  { name: 'go', program: 'go' },
  { name: 'puma', program: 'puma' },
])('$name by its recipe', ({ name, program }) => {
  const started = async (options: readonly string[]) => {
    const port = await freePort();
    const text = (await kitchen.recipe(name, ...options)).replaceAll('8443', String(port));
    await start[name]?.(text, serverFolder(), port);
    return port;
  };

  test('is opened by whoever trusts our root alone', async (context) => {
    if (!needs(findProgram(program) !== undefined, program)) context.skip();
    await expectHttps(kitchen, await started([]));
  });

  test('--client-certs: lets in our clients alone', async (context) => {
    if (!needs(findProgram(program) !== undefined, program)) context.skip();
    await expectMutualHttps(kitchen, await started(['--client-certs']));
  });
});
