import { describe, expect, test } from 'vitest';
import { say, type Text, formatText } from '../../src/cli/hints.ts';
import { commands } from '../../src/cli/commands.ts';
import type { Declaration } from '../../src/cli/declaration.ts';
import { DevcertError } from '../../src/errors.ts';
import { steps } from '../helpers/source.ts';

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
    expect(formatText(text, (step) => ({ ...step, ca: 'api' }))).toBe(
      'in a terminal: devcert uninstall --machine --ca api, as yourself',
    );
    expect(formatText(text, () => ({ command: 'ca remove', names: 'api' }))).toBe(
      'in a terminal: devcert ca remove api, as yourself',
    );
  });
});

describe('DevcertError', () => {
  test('has message and hint as text, and the hint as data for who knows more', () => {
    const hint: Text = { command: 'install' };
    const error = new DevcertError('usage', say`${{ out: true }} takes a folder`, { hint });
    expect(error).toMatchObject({ message: '--out takes a folder', hint: 'devcert install' });
    expect(DevcertError.hintOf(error)).toBe(hint);
    expect(new DevcertError('file', 'gone').hint).toBeUndefined();
  });
});

describe('steps', () => {
  test('every command and option that a hint may name is one of the command line', async () => {
    const known = new Map<string, Set<string>>();
    const add = (name: string, { options = [], commands = {} }: Declaration) => {
      known.set(name, new Set(options.flatMap(({ flags }) => flags.match(/--[a-z-]+/g) ?? [])));
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
});
