import { describe, expect, test } from 'vitest';
import { calledText, formatText, mapSteps, say, type Text } from '../../src/cli/hints.ts';
import { commands } from '../../src/cli/commands.ts';
import type { Declaration } from '../../src/cli/declaration.ts';
import { DevcertError } from '../../src/errors.ts';
import { optionKinds, steps } from '../helpers/source.ts';

describe('formatText()', () => {
  test.each<[Text, string]>([
    ['set the clock', 'set the clock'],
    [{ command: 'install' }, 'devcert install'],
    [{ command: 'install', machine: true, ca: undefined }, 'devcert install --machine'],
    [{ command: 'issue', client: true, names: 'alice' }, 'devcert --client alice'],
    [{ command: 'issue', names: ['a.test', 'b.test'], peer: true }, 'devcert a.test b.test --peer'],
    [
      { command: 'ca create', names: 'api', permit: ['a', 'b'] },
      'devcert ca create api --permit a --permit b',
    ],
    [{ keyFile: 'FILE' }, '--key-file FILE'],
    [{ constraints: false }, '--no-constraints'],
    [
      say`leave ${{ key: true }} out, or write ${{ out: 'DIR' }}`,
      'leave --key out, or write --out DIR',
    ],
    [['a ', ['b ', { force: true }]], 'a b --force'],
  ])('%j is %j', (text, expected) => {
    expect(formatText(text)).toBe(expected);
  });

  test('a step is what is known better later', () => {
    const text = say`in a terminal: ${{ command: 'uninstall', machine: true }}, as yourself`;
    expect(formatText(mapSteps(text, (step) => ({ ...step, ca: 'api' })))).toBe(
      'in a terminal: devcert uninstall --machine --ca api, as yourself',
    );
    expect(formatText(mapSteps(text, () => ({ command: 'ca remove', names: 'api' })))).toBe(
      'in a terminal: devcert ca remove api, as yourself',
    );
  });
});

describe('calledText()', () => {
  test.each<[Text, string]>([
    ['set the clock', 'set the clock'],
    [{ command: 'ca create', names: 'api', force: true }, 'devcert ca create api --force'],
    [{ keyFile: 'FILE' }, "{ keyFile: 'FILE' }"],
    [{ constraints: false }, '{ constraints: false }'],
    [{ format: 'pem', encrypt: true }, "{ format: 'pem', encrypt: true }"],
    [{ key: 'p256 | p384', ca: undefined }, "{ key: 'p256' | 'p384' }"],
    [{ out: '"/a b/c"', timeout: '10' }, "{ out: '/a b/c', timeout: 10 }"],
    [{ add: ['a.test', 'b.test'] }, "{ add: ['a.test', 'b.test'] }"],
    [
      say`leave ${{ key: true }} out, or: ${{ force: true }}`,
      'leave "key" out, or: { force: true }',
    ],
    [{ passwordStdin: true }, "{ password: '…' }"],
    [
      say`${{ passwordFile: 'FILE' }} or ${{ password: false }}`,
      "{ password: '…' } or { password: '' }",
    ],
    [{ caPasswordFile: 'FILE' }, 'a listener with password()'],
  ])('%j is %j', (text, expected) => {
    expect(calledText(text)).toBe(expected);
  });
});

describe('DevcertError', () => {
  test('of a name tells a program what to pass in its place', () => {
    const hint = say`give each by itself: ${{ command: 'issue', names: ['a.test', 'b.test'] }}`;
    const error = new DevcertError('invalid-name', '"a.test b.test" holds whitespace', { hint });
    expect(error.hint).toBe("give each by itself: ['a.test', 'b.test']");
    expect(DevcertError.typed(error).hint).toBe('give each by itself: devcert a.test b.test');
    const one: Text = { command: 'issue', names: '"*.app.localhost"' };
    expect(new DevcertError('invalid-name', '*', { hint: one }).hint).toBe("'*.app.localhost'");
    // Not where a certificate is to be issued.
    expect(new DevcertError('file', 'there is none', { hint: one }).hint).toMatch(/^devcert /);
  });

  test('has message and hint as programs read them, and for who knows more', () => {
    const hint: Text = say`move it away, or replace it: ${{ force: true }}`;
    const error = new DevcertError('usage', say`${{ out: true }} takes a folder`, { hint });
    expect(error).toMatchObject({
      message: '"out" takes a folder',
      hint: 'move it away, or replace it: { force: true }',
    });
    expect(DevcertError.hintOf(error)).toBe(hint);
    expect(DevcertError.typed(error)).toEqual({
      message: '--out takes a folder',
      hint: 'move it away, or replace it: --force',
    });
    expect(new DevcertError('file', 'gone').hint).toBeUndefined();
    expect(DevcertError.typed(new DevcertError('file', 'gone'))).toEqual({ message: 'gone' });
  });
});

describe('steps', () => {
  test('every command and option that a hint may name is one of the command line', async () => {
    const known = new Map<string, Set<string>>();
    const add = (name: string, { options = {}, commands = {} }: Declaration) => {
      known.set(
        name,
        new Set(Object.keys(options).flatMap((flags) => flags.match(/--[a-z-]+/g) ?? [])),
      );
      for (const [below, it] of Object.entries(commands)) add(`${name} ${below}`, it);
    };
    for (const [name, load] of Object.entries(commands)) add(name, await load());
    const everywhere = new Set([...known.values()].flatMap((flags) => [...flags]));
    const found = steps();
    expect(found.length).toBeGreaterThan(100);
    for (const { path, command, options } of found) {
      const flags = command === undefined ? everywhere : known.get(command);
      const typed = options.map((option) => formatText({ [option]: true }));
      const unknown = typed.filter(
        (flag) => flags?.has(flag) !== true && flags?.has(flag.replace('--', '--no-')) !== true,
      );
      expect({ path, command, unknown }).toEqual({ path, command, unknown: [] });
    }
  });

  test('what a program is told to pass is an option that some function of the library has', () => {
    const told = steps()
      .filter(({ command, path }) => command === undefined && !path.startsWith('src/cli/'))
      .flatMap(({ options }) => options.map((option) => calledText({ [option]: 'x' })));
    const passed = [...told.join(' ').matchAll(/\{ ([a-zA-Z]+): /g)].map(([, name]) => name);
    const kinds = optionKinds();
    expect(new Set(passed).size).toBeGreaterThan(30);
    expect([...new Set(passed)].filter((name) => !kinds.has(name ?? ''))).toEqual([]);
    // What has a value is not said to be true.
    for (const name of new Set(passed)) {
      const isSaidTrue = calledText({ [name ?? '']: true }).includes(': true');
      // Two functions have another kind of these.
      const isFlag = (kinds.get(name ?? '') ?? '').includes('boolean') || name === 'client';
      if (!(name ?? '').endsWith('Ca'))
        expect({ name, isSaidTrue }).toEqual({ name, isSaidTrue: isFlag });
    }
  });
});
