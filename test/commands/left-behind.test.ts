import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Context } from '../../src/commands/context.ts';
import { ensure } from '../../src/commands/ensure.ts';
import { install } from '../../src/commands/install.ts';
import { issue } from '../../src/commands/issue.ts';
import { DevcertError } from '../../src/errors.ts';
import { generateKey, encodePrivateKey } from '../../src/keys.ts';
import { projectMachine } from '../helpers/stores.ts';

/** A project with a pair whose CA was deleted, with the ledger and all. */
async function leftBehind() {
  const machine = projectMachine([{ kind: 'nss', name: 'Chromium' }], { now: () => new Date() });
  const { context } = machine;
  const { keyFile } = await issue(context, ['localhost', 'a.test'], {});
  rmSync(context.folder, { recursive: true });
  const at = (name: string) => join(context.cwd, '.devcert', name);
  const pair = () => ['cert.pem', 'key.pem', 'ca.pem'].map((it) => readFileSync(at(it), 'utf8'));
  return { ...machine, at, pair, keyFile };
}

function named(context: Context, hostname: string): Context {
  return { ...context, host: { ...context.host, hostname } };
}

async function errorOf(work: Promise<unknown>): Promise<DevcertError> {
  const error = await work.then(
    () => expect.fail('nothing was refused'),
    (it: unknown) => it,
  );
  if (!(error instanceof DevcertError)) throw error;
  return error;
}

describe('a pair whose CA was deleted', () => {
  test('gives way to a new one for who made it here', async () => {
    const { context, pair } = await leftBehind();
    const before = pair();
    expect(await issue(context, ['localhost'], {})).toMatchObject({ issued: true });
    const after = pair();
    for (const [index, text] of after.entries()) expect(text).not.toBe(before[index]);
    expect(await issue(context, ['localhost'], {})).toMatchObject({ issued: false });
  });

  test('stays if it was made on another machine, and the error says what it is', async () => {
    const { context, pair, at } = await leftBehind();
    const before = pair();
    const there = named(context, 'other');
    expect(DevcertError.typed(await errorOf(issue(there, ['localhost'], {})))).toEqual({
      message: `"${at('cert.pem')}" is there already and a CA that is not here issued it`,
      hint: 'move it away, write elsewhere (--out DIR), or replace it: --force',
    });
    expect(pair()).toEqual(before);
    expect(await issue(there, ['localhost'], { force: true })).toMatchObject({ issued: true });
  });

  test.each<[string, (at: (name: string) => string) => Promise<void> | void]>([
    [
      'key',
      (at) => {
        writeFileSync(at('key.pem'), encodePrivateKey(generateKey('p256')));
      },
    ],
    [
      'root beside it',
      async (at) => {
        const { context } = await leftBehind();
        cpSync(join(context.cwd, '.devcert/ca.pem'), at('ca.pem'));
      },
    ],
    [
      'chain',
      (at) => {
        writeFileSync(
          at('cert.pem'),
          readFileSync(at('cert.pem'), 'utf8').split(/(?=-----BEGIN)/)[0] ?? '',
        );
      },
    ],
    [
      'lack of a root',
      (at) => {
        rmSync(at('ca.pem'));
      },
    ],
  ])('stays with another %s', async (_what, change) => {
    const { context, pair, at } = await leftBehind();
    await change(at);
    const before = readFileSync(at('key.pem'), 'utf8');
    await expect(issue(context, ['localhost'], {})).rejects.toMatchObject({ code: 'file' });
    expect(readFileSync(at('key.pem'), 'utf8')).toBe(before);
    expect(pair).toBeDefined();
  });

  test('is what ensure() gives where nothing may be changed, until there is a CA', async () => {
    const { context, pair } = await leftBehind();
    const [cert] = pair();
    const old = await ensure(context);
    expect(old).toMatchObject({ cert, issued: false, trust: { trusted: false } });
    expect(old.trust.line).toBe(
      'the browsers here do not trust this certificate yet: devcert install',
    );
    // What the line says to type helps.
    await install(context, {});
    const next = await ensure(context);
    expect(next).toMatchObject({ issued: true, names: ['localhost', 'a.test'] });
    expect(next.trust.trusted).toBe(true);
  });

  test.each(['auto', 'require'] as const)(
    'gives way to ensure() that may install: %s',
    async (wish) => {
      const { context, pair } = await leftBehind();
      const [cert] = pair();
      const made = await ensure(context, { install: wish, names: ['localhost'] });
      expect(made).toMatchObject({ issued: true, trust: { trusted: true } });
      expect(made.cert).not.toBe(cert);
    },
  );

  test('stays in a production build', async () => {
    const { context, pair } = await leftBehind();
    const [cert] = pair();
    const build = { ...context, host: { ...context.host, env: { NODE_ENV: 'production' } } };
    expect(await ensure(build, { install: 'auto' })).toMatchObject({ cert, issued: false });
  });

  test('stays while the stores trust its root, though its CA is gone', async () => {
    const { context } = projectMachine([{ kind: 'nss', name: 'Chromium' }], {
      now: () => new Date(),
    });
    const { cert } = await ensure(context, { install: 'auto' });
    rmSync(context.folder, { recursive: true });
    expect(await ensure(context, { install: 'auto' })).toMatchObject({ cert, issued: false });
  });

  test('ensure() makes no folder for the project, and says which option is wrong', async () => {
    const { context } = await leftBehind();
    const cwd = join(context.cwd, 'mistyped');
    expect(await errorOf(ensure({ ...context, cwd }, { install: 'auto' }))).toMatchObject({
      code: 'file',
      message: `there is no folder "${cwd}"`,
    });
    expect(await errorOf(ensure(context, { dir: '' }))).toMatchObject({
      code: 'usage',
      message: 'the path for "dir" is empty',
    });
    // Windows sees no file below a file: without a CA it says first that there is none, with one what is in the way.
    await install(context, {});
    writeFileSync(join(context.cwd, 'file'), '');
    expect(await errorOf(ensure(context, { dir: 'file' }))).toMatchObject({
      code: 'file',
      hint: expect.stringMatching(
        /\{ dir: 'DIR' \}|^move it away or choose another path/,
      ) as string,
    });
  });

  test('from another machine: ensure() takes it, and says how it comes to be trusted', async () => {
    const { context, pair, at } = await leftBehind();
    const [cert] = pair();
    const there = named(context, 'container');
    const file = at('ca.pem');
    const typed = file.includes('\\') ? `"${file}"` : file;
    const step = `devcert ca import ${typed} --trust-only --name NAME`;
    for (const wish of ['never', 'auto'] as const) {
      const taken = await ensure(there, { install: wish });
      expect(taken).toMatchObject({ cert, issued: false });
      expect(taken.trust.line).toContain(`: ${step}`);
    }
    expect(await errorOf(ensure(there, { install: 'require' }))).toMatchObject({
      code: 'not-trusted',
      hint: step,
    });
    await install(there, {});
    expect(
      await errorOf(ensure(there, { names: ['localhost'], dir: 'certs/../.devcert' })),
    ).toMatchObject({
      code: 'file',
      hint: "move it away, write elsewhere ({ dir: 'DIR' }), or replace it: devcert localhost --out certs/../.devcert --force",
    });
  });
});
