import { describe, expect, test } from 'vitest';
import { identityOf } from '../../src/authority/identity.ts';

describe('identityOf()', () => {
  test('tells the roots of another state folder from those of the default one, and of each other', () => {
    const [here, one, two] = [undefined, '/a', '/b'].map((home) =>
      identityOf('ada', 'engine', '', home),
    );
    expect(here).toBe('ada@engine');
    expect(one).toMatch(/^ada@engine \(home [0-9a-f]{8}\)$/);
    expect(new Set([here, one, two]).size).toBe(3);
    expect(identityOf('ada', 'engine', '', '/a')).toBe(one);
  });

  test('is at most 40 characters, with what tells folders and systems apart whole', () => {
    const long = identityOf('a'.repeat(60), 'engine', '6.6-microsoft-standard-WSL2', '/a');
    expect(long).toHaveLength(40);
    expect(long).toMatch(/^a+ \(WSL\) \(home [0-9a-f]{8}\)$/);
  });
});
