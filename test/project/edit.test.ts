import { describe, expect, test } from 'vitest';
import { withMember } from '../../src/project/edit.ts';

describe('withMember()', () => {
  test.each([
    ['behind the others', '{\n  "a": 1\n}\n', '{\n  "a": 1,\n  "x": true\n}\n'],
    ['in an empty object', '{}\n', '{\n  "x": true\n}\n'],
    ['in its place', '{\n  "x": [1, {"y": "}"}],\n  "b": 2 }', '{\n  "x": true,\n  "b": 2 }'],
    ['with tabs', '{\n\t"a": 1\n}', '{\n\t"a": 1,\n\t"x": true\n}'],
    ['with CRLF', '{\r\n    "a": 1\r\n}\r\n', '{\r\n    "a": 1,\r\n    "x": true\r\n}\r\n'],
    ['in one line', '{"a":1}', '{"a":1,"x":true}'],
    ['in one line with gaps', '{ "a": 1 }\n', '{ "a": 1, "x": true }\n'],
    ['behind a mark', '\uFEFF{\n  "a": 1\n}', '\uFEFF{\n  "a": 1,\n  "x": true\n}'],
    [
      'beside one of its name further down',
      '{\n  "a": {\n    "x": 1\n  }\n}',
      '{\n  "a": {\n    "x": 1\n  },\n  "x": true\n}',
    ],
    ['behind odd strings', '{"a\\"}": "\\\\", "b": "{"}', '{"a\\"}": "\\\\", "b": "{", "x": true}'],
  ])('%s', (_, text, expected) => {
    expect(withMember(text, ['x'], true)).toBe(expected);
  });

  test('down a path, whose last object may be missing', () => {
    const text = '{\n  "scripts": {\n    "dev": "vite"\n  },\n  "z": 0\n}\n';
    expect(withMember(text, ['scripts', 'predev'], 'x')).toBe(
      '{\n  "scripts": {\n    "dev": "vite",\n    "predev": "x"\n  },\n  "z": 0\n}\n',
    );
    expect(withMember('{\n  "a": 1\n}', ['scripts', 'predev'], 'x')).toBe(
      '{\n  "a": 1,\n  "scripts": {\n    "predev": "x"\n  }\n}',
    );
    expect(withMember('{\n  "scripts": { "dev": "vite" }\n}', ['scripts', 'predev'], 'x')).toBe(
      '{\n  "scripts": { "dev": "vite", "predev": "x" }\n}',
    );
  });

  test('whatever the text, it says the same and the member, and keeps all bytes around it', () => {
    const values = [1, 'a"}\\', null, [], {}, [[{}]], { x: { y: ['{'] } }, '\u2028', -1.5e-3];
    for (const value of values)
      for (const gap of [undefined, 1, '\t'])
        for (const name of ['x', 'y', 'é"{']) {
          const before = { y: value, n: { x: 2 }, 'é"{': value };
          const text = JSON.stringify(before, null, gap);
          const after = withMember(text, [name], { new: [value] });
          expect(JSON.parse(after)).toEqual({ ...before, [name]: { new: [value] } });
          if (!(name in before)) expect(after.startsWith(text.trimEnd().slice(0, -2))).toBe(true);
        }
  });
});
