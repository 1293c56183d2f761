import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  askPassword,
  givenKeyPassword,
  givenPassword,
  passwordSource,
} from '../../src/cli/password/password.ts';
import { Line } from '../../src/cli/password/line.ts';
import { DevcertError } from '../../src/errors.ts';
import { hasShell, hasModes } from '../helpers/can.ts';
import { failure } from '../helpers/failure.ts';
import { temporaryFolder } from '../helpers/host.ts';

const notes: string[] = [];
const terminal = { note: (text: string) => notes.push(text) };

afterEach(() => {
  vi.unstubAllEnvs();
  notes.length = 0;
});

function file(content: string | Buffer, mode = 0o600): string {
  const path = join(temporaryFolder(), 'password');
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

describe('givenPassword()', () => {
  test('takes the first line of a file, without its end', () => {
    expect(givenPassword({ passwordFile: file('geheim \r\nmore\n') }, {}, terminal)).toBe(
      'geheim ',
    );
    expect(givenPassword({ passwordFile: file('pässwörd') }, {}, terminal)).toBe('pässwörd');
    expect(notes).toEqual([]);
  });

  test.runIf(hasModes)('says that others can read the file', () => {
    expect(givenPassword({ passwordFile: file('changeit\n', 0o644) }, {}, terminal)).toBe(
      'changeit',
    );
    expect(notes).toEqual([expect.stringMatching(/is open to others \(mode 0644\): chmod 600/)]);
  });

  test.each([
    ['an empty file', ''],
    ['an empty first line', '\nchangeit\n'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x41])],
    ['a zero byte', 'a\0b\n'],
    ['a line of 5000 bytes', 'x'.repeat(5000)],
  ])('refuses %s', (_what, content) => {
    const error = failure(() => givenPassword({ passwordFile: file(content) }, {}, terminal));
    expect(error.code).toBe('password');
    // Which the command has to have.
    expect(error.hint).toBe('write the password into its first line');
    const optional = failure(() =>
      givenPassword({ passwordFile: file(content), password: true }, {}, terminal),
    );
    expect(optional.hint).toContain('; for none at all: --no-password');
  });

  test('refuses a file that is not there, and a folder', () => {
    const path = join(temporaryFolder(), 'none');
    expect(failure(() => givenPassword({ passwordFile: path }, {}, terminal)).code).toBe('file');
    const folder = temporaryFolder();
    expect(failure(() => givenPassword({ passwordFile: folder }, {}, terminal)).code).toBe('file');
  });

  test('takes the value of a variable, and says which one is not set', () => {
    vi.stubEnv('STORE_PASSWORD', 'changeit');
    expect(givenPassword({ passwordEnv: 'STORE_PASSWORD' }, {}, terminal)).toBe('changeit');
    const error = failure(() => givenPassword({ passwordEnv: 'NOT_SET' }, {}, terminal));
    expect(error.message).toBe('the variable "NOT_SET" is not set');
  });

  test('takes the variable out of the environment before anything is started', () => {
    vi.stubEnv('FOR_TWO', 'correct horse');
    const flags = { passwordEnv: 'FOR_TWO' };
    const read = passwordSource(flags, { flag: '--ca-password' }, terminal);
    expect(process.env.FOR_TWO).toBeUndefined();
    expect(givenPassword(flags, {}, terminal)).toBe('correct horse');
    expect(read?.()).toBe('correct horse');
    vi.stubEnv('FOR_KEY', 'battery');
    expect(givenKeyPassword({ keyPasswordEnv: 'FOR_KEY' }, terminal)).toBe('battery');
    expect(process.env.FOR_KEY).toBeUndefined();
  });

  test('takes --no-password for an empty one, and no flag for none', () => {
    expect(givenPassword({ password: false }, {}, terminal)).toBe('');
    expect(givenPassword({ password: true }, {}, terminal)).toBeUndefined();
  });

  test('refuses two sources, and standard input for two things', () => {
    const two = { passwordFile: 'f', passwordStdin: true };
    expect(failure(() => givenPassword(two, {}, terminal))).toMatchObject({
      code: 'usage',
      message: '--password-file and --password-stdin exclude each other',
    });
    const error = failure(() =>
      givenPassword({ passwordStdin: true }, { stdinTaken: true }, terminal),
    );
    expect(error.code).toBe('usage');
  });
});

test('askPassword() fails at once where nobody can be asked, and names the flags', async () => {
  vi.stubEnv('CI', '1');
  await expect(askPassword({ what: 'keystore.p12' })).rejects.toMatchObject({
    code: 'usage',
    message: 'keystore.p12 needs a password',
    hint: '--password-file FILE, --password-env VARIABLE, --password-stdin or --no-password',
  });
});

describe.runIf(hasShell)('askPassword() at a terminal', () => {
  /** Types a line whenever it is asked. */
  function typing(lines: readonly string[]) {
    vi.stubEnv('CI', undefined);
    const left = [...lines];
    const stdin = Object.assign(new PassThrough(), {
      isTTY: true,
      setRawMode: (raw: boolean) => {
        if (raw) setImmediate(() => stdin.write(`${left.shift() ?? '\u0003'}\r`));
      },
    });
    vi.spyOn(process, 'stdin', 'get').mockReturnValue(stdin as unknown as typeof process.stdin);
    const { isTTY } = process.stderr;
    process.stderr.isTTY = true;
    onTestFinished(() => {
      process.stderr.isTTY = isTTY;
      vi.restoreAllMocks();
    });
    return left;
  }
  const check = (text: string) => {
    if (text !== 'right') throw new DevcertError('password', 'this is not it', {});
  };
  const request = { what: 'the key', required: true, check } as const;

  test('asks again for a wrong one', async () => {
    const left = typing(['wrong', '', 'right', 'more']);
    expect(await askPassword(request)).toBe('right');
    expect(left).toEqual(['more']);
  });

  test('takes the third as it is, and asks once where nothing tells a wrong one', async () => {
    typing(['wrong', 'again', 'wrong too', 'right']);
    expect(await askPassword(request)).toBe('wrong too');
    typing(['anything', 'more']);
    expect(await askPassword({ what: 'the file' })).toBe('anything');
  });

  test('asks no more where a try fails for another reason', async () => {
    const left = typing(['any', 'more']);
    const damaged = () => {
      throw new DevcertError('invalid-input', 'damaged', {});
    };
    const asked = askPassword({ ...request, check: damaged });
    await expect(asked).rejects.toMatchObject({ code: 'invalid-input' });
    expect(left).toEqual(['more']);
  });
});

describe('Line', () => {
  test('takes keys as a terminal sends them, with their corrections', () => {
    const line = new Line();
    expect(line.take(Buffer.from('wrong\u0015pax\u007fß'))).toBe('open');
    expect(line.take(Buffer.from('\u001b[D\u001bOA\u0001!\r'))).toBe('done');
    expect(line.text).toBe('paß!');
  });

  test('puts a character together that arrives in two pieces', () => {
    const line = new Line();
    line.take(Buffer.from([0xc3]));
    line.take(Buffer.from([0xa4]));
    expect(line.text).toBe('ä');
  });

  test.each(['\u0003', '\u0004'])('is cancelled by %j', (key) => {
    expect(new Line().take(Buffer.from(`abc${key}`))).toBe('cancelled');
  });
});
