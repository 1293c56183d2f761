import { describe, expect, test } from 'vitest';
import { accountOf, isOwnGroup } from '../../platform/accounts.ts';

const passwd = [
  '# a comment',
  'root:x:0:0:root:/root:/bin/bash',
  'ada:x:1000:1000:Ada:/home/ada:/bin/sh',
  'bob:x:1001:100::/home/bob:/bin/sh',
  'eve:x:1002:100::/home/eve:/bin/sh',
  'carol:x:1003:1003::/home/carol:/bin/sh',
  'dave:x:1004:1003::/home/dave:/bin/sh',
  '',
].join('\n');
const group = [
  'root:x:0:',
  'users:x:100:',
  'ada:x:1000:ada',
  'carol:x:1003:',
  'docker:x:999:ada',
  'frank:x:1005:eve',
].join('\n');

describe('isOwnGroup()', () => {
  test.each([
    ['the group of one user', 1000, 1000, true],
    ['the group of all users', 100, 1001, false],
    ['a group that is another one’s first, too', 1003, 1003, false],
    ['a group that is not the first one', 999, 1000, false],
    ['another user’s group', 1000, 1001, false],
    ['root’s group, for a user', 0, 1000, true],
    ['root’s group, for root', 0, 0, true],
    ['the number of a user without an entry', 4321, 4321, true],
    ['another number for a user without an entry', 1000, 4321, false],
    ['a group with another member', 1005, 1005, false],
  ])('%s', (_, gid, uid, own) => {
    expect(isOwnGroup(gid, uid, { passwd, group })).toBe(own);
  });

  test('root’s group with a member is not', () => {
    const files = { passwd, group: 'root:x:0:eve' };
    expect(isOwnGroup(0, 0, files)).toBe(false);
    expect(isOwnGroup(0, 1002, files)).toBe(true);
  });

  test('a member that has no entry may be anyone', () => {
    expect(isOwnGroup(1000, 1000, { passwd, group: 'ada:x:1000:ada,remote' })).toBe(false);
  });
});

describe('accountOf()', () => {
  test('gives name and home', () => {
    expect(accountOf(0, passwd)).toEqual({ name: 'root', home: '/root' });
    expect(accountOf(4321, passwd)).toBeUndefined();
  });
});
