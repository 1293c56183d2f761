/** place(), the one writer: whose file it is, modes, folders, records; all or nothing. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { JOURNAL } from '../../src/ledger/journal.ts';
import { ledgerFile, readLedger } from '../../src/ledger/ledger.ts';
import {
  assertWritten,
  contentOf,
  mendKeys,
  type Output,
  place,
  type PlaceContext,
} from '../../src/ledger/place.ts';
import { hasLinks, hasModes, seenMode } from '../helpers/can.ts';
import { temporaryFolder } from '../helpers/host.ts';

const now = new Date('2026-11-28T08:00:00Z');

function project() {
  const [state, folder] = [temporaryFolder(), join(temporaryFolder(), '.devcert')];
  const output = (name: string, data: string, secret = false): Output => ({
    ...{ path: join(folder, name), data, secret },
  });
  /** Writes outputs as most callers do: what is there has to be devcert's, unless by force. */
  const write = (outputs: readonly Output[], context: Partial<PlaceContext> = {}) =>
    place(outputs, { stateFolder: state, now, ...context }, (entries) => {
      if (context.force !== true)
        for (const { path } of outputs) assertWritten(path, contentOf(path), entries());
      return [{ outputs, entry: { ca: 'default' } }];
    });
  const text = (name: string) => readFileSync(join(folder, name), 'utf8');
  const mode = (name: string) => statSync(join(folder, name)).mode & 0o777;
  return { state, folder, output, write, text, mode };
}

const foreign = (why: string) =>
  expect.objectContaining({
    code: 'file',
    message: expect.stringContaining(why) as string,
  }) as Error;

describe('place()', () => {
  test('writes with exact modes, makes the folder with its .gitignore, and records', async () => {
    const { state, folder, output, write, text, mode } = project();
    const closed: string[] = [];
    const close = (path: string) => Promise.resolve(closed.push(path));
    const outputs = [output('key.pem', 'key', true), output('cert.pem', 'cert')];
    const written = await write(outputs, { gitignore: true, close });
    expect(written).toEqual(outputs.map(({ path }) => path));
    expect([text('key.pem'), text('cert.pem'), text('.gitignore')]).toEqual(['key', 'cert', '*\n']);
    expect([mode('key.pem'), mode('cert.pem')]).toEqual([seenMode(0o600), seenMode(0o644)]);
    expect(closed).toEqual([folder]);
    expect(readLedger(state)).toMatchObject([
      { ca: 'default', files: outputs.map(({ path }) => ({ path })) },
    ]);
    expect(readdirSync(state).sort()).toEqual(['ledger.jsonl']);
  });

  test('closes no folder that was there, nor one without a key, and gives it no .gitignore', async () => {
    const { folder, output, write } = project();
    mkdirSync(folder);
    const close = () => Promise.reject(new Error('closed'));
    await write([output('key.pem', 'key', true)], { gitignore: true, close });
    expect(readdirSync(folder)).toEqual(['key.pem']);
    const other = project();
    await other.write([other.output('cert.pem', 'cert')], { close });
    expect(existsSync(join(other.folder, '.gitignore'))).toBe(false);
  });

  test('replaces what devcert wrote, also where a kill left the old file', async () => {
    const { output, write, text, folder } = project();
    await write([output('cert.pem', 'one')]);
    await write([output('cert.pem', 'two')]);
    writeFileSync(join(folder, 'cert.pem'), 'one');
    await write([output('cert.pem', 'three')]);
    expect(text('cert.pem')).toBe('three');
  });

  test('refuses a file of somebody else, and one that was changed, unless by force', async () => {
    const { folder, output, write, text } = project();
    mkdirSync(folder);
    writeFileSync(join(folder, 'cert.pem'), 'mine');
    const outputs = [output('key.pem', 'key', true), output('cert.pem', 'cert')];
    await expect(write(outputs)).rejects.toThrow(foreign('devcert did not write it'));
    expect(readdirSync(folder)).toEqual(['cert.pem']);
    await write(outputs, { force: true });
    writeFileSync(join(folder, 'cert.pem'), 'changed');
    await expect(write(outputs)).rejects.toThrow(foreign('it was changed since devcert wrote it'));
    expect(text('cert.pem')).toBe('changed');
  });

  test('what was replaced by force is not devcert’s afterwards', async () => {
    const { folder, output, write } = project();
    mkdirSync(folder);
    writeFileSync(join(folder, 'cert.pem'), 'mine');
    await write([output('cert.pem', 'cert')], { force: true });
    writeFileSync(join(folder, 'cert.pem'), 'mine');
    await expect(write([output('cert.pem', 'new')])).rejects.toThrow(foreign('it was changed'));
  });

  test('without outputs writes nothing and leaves no folder behind, nor after a refusal', async () => {
    const { state, folder, output } = project();
    const targets = [output('sub/cert.pem', 'x')];
    const context = { stateFolder: state, now };
    expect(await place(targets, context, () => [])).toEqual([]);
    expect(existsSync(folder)).toBe(false);
    const refuse = () => {
      throw new Error('refused');
    };
    await expect(place(targets, context, refuse)).rejects.toThrow('refused');
    expect(existsSync(folder)).toBe(false);
    expect(readdirSync(state)).toEqual([]);
  });

  test('a target that is a folder: nothing is written, neither files nor records', async () => {
    const { state, folder, output, write } = project();
    mkdirSync(join(folder, 'cert.pem'), { recursive: true });
    const outputs = [output('key.pem', 'key', true), output('cert.pem', 'cert')];
    await expect(write(outputs, { force: true })).rejects.toMatchObject({ code: 'file' });
    expect(readdirSync(folder)).toEqual(['cert.pem']);
    expect([readLedger(state), existsSync(join(state, JOURNAL))]).toEqual([[], false]);
  });

  test('writes after a last line of the ledger that a crash of the system cut short', async () => {
    const { state, output, write } = project();
    await write([output('cert.pem', 'one')]);
    const whole = readFileSync(ledgerFile(state), 'utf8');
    writeFileSync(ledgerFile(state), whole + whole.trimEnd().slice(whole.indexOf('\n') + 1));
    await write([output('cert.pem', 'two')]);
    await write([output('cert.pem', 'three')]);
    expect(readLedger(state)).toHaveLength(1);
    expect(readFileSync(ledgerFile(state), 'utf8').split('\n')).toHaveLength(5);
  });

  test('a key that nothing makes again is written once, and not recorded', async () => {
    const { state, output, text } = project();
    const key = { ...output('key.pem', 'key', true), isNew: true };
    const write = (data: string) =>
      place([key], { stateFolder: state, now }, () => [
        { outputs: [{ ...key, data }], entry: undefined },
      ]);
    await write('key');
    await expect(write('other')).rejects.toMatchObject({ code: 'file' });
    expect([text('key.pem'), readLedger(state)]).toEqual(['key', []]);
  });

  test('without a state folder nothing that is there is devcert’s', async () => {
    const { output, write } = project();
    const context = { stateFolder: undefined };
    await write([output('cert.pem', 'one')], context);
    await expect(write([output('cert.pem', 'two')], context)).rejects.toThrow(
      foreign('devcert did not write it'),
    );
  });

  test.runIf(hasLinks)('follows a folder that is a link only where the user named it', async () => {
    const { folder, output, write } = project();
    const elsewhere = temporaryFolder();
    symlinkSync(elsewhere, folder);
    await expect(write([output('key.pem', 'key', true)])).rejects.toMatchObject({ code: 'file' });
    expect(readdirSync(elsewhere)).toEqual([]);
    await write([output('key.pem', 'key', true)], { followFolder: true });
    expect(readdirSync(elsewhere)).toEqual(['key.pem']);
  });
});

test.runIf(hasModes)('mendKeys() closes keys that others may read, and says so', () => {
  const key = join(temporaryFolder(), 'key.pem');
  writeFileSync(key, 'key', { mode: 0o600 });
  expect(mendKeys([key])).toEqual([]);
  chmodSync(key, 0o644);
  expect(mendKeys([key])).toEqual([
    expect.stringContaining(`"${key}" was open to others (mode 0644)`),
  ]);
  expect(statSync(key).mode & 0o777).toBe(0o600);
});
