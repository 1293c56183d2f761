import {
  chmodSync,
  chownSync,
  existsSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findForRoot } from '../../platform/as-root.ts';
import { createRunner, elevate, findElevation, formatCommand } from '../../platform/run.ts';
import { hasLinks, hasShell } from '../helpers/can.ts';
import { temporaryFolder } from '../helpers/host.ts';

const GERMAN = 'ada steht nicht in der sudoers-Datei.';

const root = {
  isRoot: true,
  interactive: false,
  find: () => undefined,
  findForRoot: (name: string) => name,
  env: process.env,
};

function person(programs: Record<string, string>, interactive = false) {
  return {
    isRoot: false,
    interactive,
    find: (name: string) => programs[name],
    findForRoot: (name: string) => (isAbsolute(name) ? name : programs[name]),
    env: process.env,
  };
}

function script(name: string, text: string, folder = temporaryFolder()): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

test.runIf(hasShell)('a sudo of somebody else’s, alone on the PATH, is never run', async () => {
  const folder = temporaryFolder();
  const log = join(folder, 'log');
  const sudo = script('sudo', `echo "$@" >> ${log}; read -r password; exec "$@"`, folder);
  // Its owner is who runs the tests, or, where that is root, nobody.
  if (process.getuid?.() === 0) chownSync(sudo, 65534, 65534);
  const host = {
    ...person({ sudo, true: '/bin/true' }, true),
    findForRoot: (name: string) => findForRoot(name, name === 'true' ? ['/usr/bin'] : [folder]),
  };
  expect(findElevation(host)).toBeUndefined();
  const announced: string[] = [];
  const run = createRunner(host, (line) => announced.push(line));
  expect(await run({ file: 'true', args: [], elevated: true })).toMatchObject({
    failure: 'not-elevated',
  });
  expect([announced, existsSync(log)]).toEqual([[], false]);
});

describe('elevate()', () => {
  const command = { file: '/bin/tool', args: ['a b'], elevated: true };

  test.each([
    ['sudo', false, ['-n', '--', '/bin/tool', 'a b']],
    ['sudo', true, ['--', '/bin/tool', 'a b']],
    ['doas', false, ['-n', '/bin/tool', 'a b']],
    ['doas', true, ['/bin/tool', 'a b']],
    ['run0', false, ['--no-ask-password', '--', '/bin/tool', 'a b']],
    ['run0', true, ['--', '/bin/tool', 'a b']],
  ] as const)('%s, interactive %s', (tool, interactive, args) => {
    const file = `/usr/bin/${tool}`;
    expect(elevate(command, person({ [tool]: file }, interactive))).toMatchObject({ file, args });
  });

  test('leaves root’s commands and ordinary ones alone (statement 39)', () => {
    expect(elevate(command, root)).toEqual(command);
    const ordinary = { file: '/bin/tool', args: [] };
    expect(elevate(ordinary, person({}))).toBe(ordinary);
    expect(elevate(command, person({}))).toBe('not-elevated');
  });

  test('takes the program and the sudo that root alone can change, wherever PATH begins', () => {
    const safe: Record<string, string> = { sudo: '/usr/bin/sudo', tool: '/usr/bin/tool' };
    const host = {
      ...person({ sudo: '/home/ada/bin/sudo', tool: '/home/ada/bin/tool' }, true),
      findForRoot: (name: string) => safe[name],
    };
    const elevated = { file: 'tool', args: ['x'], elevated: true };
    expect(elevate(elevated, host)).toMatchObject({
      file: '/usr/bin/sudo',
      args: ['--', '/usr/bin/tool', 'x'],
    });
    expect(elevate(elevated, { ...host, isRoot: true })).toMatchObject({ file: '/usr/bin/tool' });
  });

  test.each([true, false])('starts nothing as root that others can change, root: %s', (isRoot) => {
    const file = process.execPath;
    const host = { ...person({ tool: file }), isRoot, findForRoot: () => undefined };
    for (const it of [file, 'tool'])
      expect(elevate({ file: it, args: [], elevated: true }, host)).toBe('unsafe');
    expect(elevate({ file: 'gone', args: [], elevated: true }, host)).toBe('not-found');
  });

  test('holds root to it for every program, but those of Windows, which run as its user', () => {
    const host = { ...root, findForRoot: () => undefined };
    expect(elevate({ file: process.execPath, args: [] }, host)).toEqual(
      process.execPath.endsWith('.exe') ? expect.anything() : 'unsafe',
    );
    const windows = { file: '/mnt/c/Windows/System32/certutil.exe', args: [] };
    expect(elevate(windows, host)).toBe(windows);
  });

  test.runIf(hasLinks)('a sudo that is doas under another name is doas', () => {
    const folder = temporaryFolder();
    symlinkSync(script('doas', 'exit 0', folder), join(folder, 'sudo'));
    expect(findElevation(person({ sudo: join(folder, 'sudo') }))).toEqual({
      tool: 'doas',
      file: join(folder, 'sudo'),
    });
  });
});

describe('formatCommand()', () => {
  test('quotes for a shell and shows sudo even where there is none', () => {
    const command = { file: '/bin/t', args: ["it's", '$(x)', 'a=b'], elevated: true };
    expect(formatCommand(command, person({ sudo: '/usr/bin/sudo' }))).toBe(
      `/usr/bin/sudo -- /bin/t 'it'\\''s' '$(x)' a=b`,
    );
    expect(formatCommand(command, person({}))).toBe(`sudo -- /bin/t 'it'\\''s' '$(x)' a=b`);
    expect(formatCommand(command, root)).toBe(`/bin/t 'it'\\''s' '$(x)' a=b`);
    expect(formatCommand({ file: 't', args: ['a\u001b[31mb'] }, root)).not.toContain('\u001b');
  });
});

describe.runIf(hasShell)('formatCommand(), typed into sh', () => {
  test('gives standard input its contents, from every account', async () => {
    const input = "-----BEGIN x-----\nit's $(a) \\n %s\n-----END x-----\n";
    const text = formatCommand({ file: '/bin/cat', args: ['-'], input }, root);
    expect(text).not.toContain('\n');
    const typed = await createRunner(root)({ file: '/bin/sh', args: ['-c', text] });
    expect(typed).toMatchObject({ exitCode: 0, stdout: input });
  });
});

describe('createRunner()', () => {
  const run = createRunner(root);
  /** A command that runs JavaScript: no system has another program in common. */
  const node = (code: string, ...args: string[]) => ({
    file: process.execPath,
    args: ['-e', code, ...args],
  });

  test('gives exit code, output and input, without a shell', async () => {
    const code = `process.stdin.pipe(process.stdout); process.exitCode = 3;
      process.stderr.write(process.argv.slice(1).join('|'))`;
    const args = ['$(id) *', '%PATH% ^&', 'a "b" \\'];
    expect(await run({ ...node(code, ...args), input: 'in' })).toEqual({
      exitCode: 3,
      stdout: 'in',
      stderr: args.join('|'),
    });
  });

  test('an empty standard input where none is given: nothing can wait for an answer', async () => {
    const code = "process.stdin.on('end', () => console.log('end')).resume()";
    expect(await run(node(code))).toMatchObject({ stdout: 'end\n' });
  });

  test('a program that is not there', async () => {
    const file = join(temporaryFolder(), 'tool');
    expect(await run({ file, args: [] })).toMatchObject({
      exitCode: undefined,
      failure: 'not-found',
    });
  });

  test('a program that never ends is stopped, even one that ignores being asked to', async () => {
    const command = hasShell
      ? { file: script('tool', "trap '' TERM; while :; do sleep 0.1; done"), args: [] }
      : node('setInterval(() => undefined, 1000)');
    expect(await run({ ...command, timeoutMs: 200 })).toMatchObject({ failure: 'timeout' });
  });

  test.runIf(hasShell)('a program that was killed', async () => {
    expect(await run({ file: script('tool', 'kill -9 $$'), args: [] })).toMatchObject({
      exitCode: undefined,
      failure: 'killed',
    });
  });

  test.runIf(hasShell)(
    'announces the exact command before it runs as root, and nothing else',
    async () => {
      const sudo = script('sudo', 'shift 2; exec "$@"');
      const said: string[] = [];
      const asPerson = createRunner(person({ sudo }), (text) => said.push(text));
      const file = script('tool', 'exit 0');
      expect(await asPerson({ file, args: ['x'], elevated: true })).toMatchObject({ exitCode: 0 });
      await asPerson({ file, args: ['y'] });
      expect(said).toEqual([`${sudo} -- ${file} x`]);
    },
  );

  test.runIf(hasShell)(
    'what runs as root finds programs only where root alone can put them',
    async () => {
      const planted = temporaryFolder();
      script('tool', 'echo planted', planted);
      chmodSync(planted, 0o777);
      const env = { ...process.env, PATH: [planted, process.env.PATH].join(delimiter) };
      const print = { file: '/bin/sh', args: ['-c', 'echo "$PATH"'] };
      const path = (await createRunner({ ...root, env })(print)).stdout.trim().split(delimiter);
      expect(path).not.toContain(planted);
      expect(path).not.toContain('');
      const own = (await createRunner({ ...person({}), env })(print)).stdout;
      expect(own).toContain(planted);
    },
  );

  test.runIf(hasShell)('announces what runs as root without its standard input', async () => {
    const sudo = script('sudo', 'shift 2; exec "$@"');
    const said: string[] = [];
    const run = createRunner(person({ sudo }), (text) => said.push(text));
    const command = { file: '/bin/cat', args: ['-'], input: 'a\nb', elevated: true };
    expect(await run(command)).toMatchObject({ stdout: 'a\nb' });
    expect(said).toEqual([`${sudo} -- /bin/cat -`]);
  });

  test('says what the user will be asked before the command that asks', async () => {
    const said: string[] = [];
    const asking = createRunner(root, undefined, (prompt) => said.push(prompt));
    await asking(node(''));
    await asking({ ...node(''), mayPrompt: true, prompt: 'it will ask' });
    expect(said).toEqual(['it will ask']);
  });

  test.runIf(hasShell)(
    'no way to become root, root refused, and no terminal to ask on are told apart',
    async () => {
      const command = { file: '/bin/true', args: [], elevated: true };
      expect(await createRunner(person({}))(command)).toMatchObject({ failure: 'not-elevated' });
      const refusing = script('sudo', 'echo "sudo: a password is required" >&2; exit 1');
      expect(await createRunner(person({ sudo: refusing }))(command)).toMatchObject({
        failure: 'not-elevated',
      });
      expect(await createRunner(person({ sudo: refusing }, true))(command)).toMatchObject({
        failure: 'elevation-refused',
        stderr: expect.stringContaining('a password is required') as string,
      });
      const failing = script('sudo', 'echo "true: it failed" >&2; exit 1');
      expect(await createRunner(person({ sudo: failing }))(command)).toMatchObject({
        exitCode: 1,
        stderr: 'true: it failed',
      });
    },
  );

  describe.runIf(hasShell)('after a refusal', () => {
    const command = { file: '/bin/true', args: ['x'], elevated: true };

    test('asks nobody again, and runs what needs no root', async () => {
      const folder = temporaryFolder();
      const sudo = script('sudo', `echo asked >> ${folder}/log; echo "${GERMAN}" >&2; exit 1`);
      const run = createRunner(person({ sudo }, true));
      const refused = { exitCode: undefined, failure: 'elevation-refused', stderr: GERMAN };
      expect(await run(command)).toMatchObject(refused);
      const asked = readFileSync(join(folder, 'log'), 'utf8');
      expect(await run({ ...command, args: ['y'] })).toMatchObject(refused);
      expect(readFileSync(join(folder, 'log'), 'utf8')).toBe(asked);
      expect(await run(node(''))).toMatchObject({ exitCode: 0 });
    });

    test('by an answer in no known language: sudo -l tells it from a failure', async () => {
      const sudoThat = (allowed: number) =>
        script('sudo', `[ "$1" = -l ] && exit ${allowed}; echo "${GERMAN}" >&2; exit 1`);
      expect(await createRunner(person({ sudo: sudoThat(1) }))(command)).toMatchObject({
        failure: 'elevation-refused',
      });
      const failing = await createRunner(person({ sudo: sudoThat(0) }))(command);
      expect(failing).toMatchObject({ exitCode: 1, stderr: `${GERMAN}\n` });
      expect(failing.failure).toBeUndefined();
    });
  });
});

describe('a command that waits for a person', () => {
  const command = { file: process.execPath, args: ['--version'], needsPerson: true };

  test.each([
    [{}, undefined],
    [{ CI: 'false' }, undefined],
    [{ SESSIONNAME: 'Console' }, undefined],
    [{ CI: 'true' }, 'nobody'],
    [{ SSH_CONNECTION: '10.0.0.2 1 10.0.0.1 22' }, 'nobody'],
    [{ SESSIONNAME: 'Services' }, 'nobody'],
  ] as const)('without a terminal, with %j: %s', async (env, failure) => {
    const asked: string[] = [];
    const run = createRunner({ ...person({}), env }, undefined, (it) => asked.push(it));
    const { failure: found } = await run({ ...command, prompt: 'Windows asks' });
    expect(found).toBe(failure);
    expect(asked).toEqual(failure === undefined ? ['Windows asks'] : []);
  });
});
