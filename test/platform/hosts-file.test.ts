import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasShell } from '../helpers/can.ts';
import {
  blockNames,
  hostsFile,
  readHostNames,
  withNames,
  writeHostsCommands,
} from '../../platform/hosts-file.ts';
import { line, temporaryFolder } from '../helpers/host.ts';

describe('readHostNames()', () => {
  const host = { platform: 'linux' as const, env: {}, sysroot: '/nowhere' };

  test('reads names, aliases and Windows line ends, without comments', () => {
    const sysroot = temporaryFolder();
    mkdirSync(join(sysroot, 'etc'));
    writeFileSync(
      join(sysroot, 'etc/hosts'),
      '# 127.0.0.1 no.test\r\n127.0.0.1\tLocalhost api.test # b.test\r\n::1 six.test\n\n',
    );
    const found = readHostNames({ ...host, sysroot });
    expect([...found].sort()).toEqual(['api.test', 'localhost', 'six.test']);
  });

  test('no hosts file knows no names; Windows has it elsewhere', () => {
    expect(readHostNames({ ...host, sysroot: '/nowhere' }).size).toBe(0);
    expect(hostsFile({ ...host, platform: 'win32', env: { SystemRoot: 'D:\\Win' } })).toContain(
      'D:\\Win',
    );
  });
});

describe('withNames()', () => {
  const texts = {
    usual: '127.0.0.1 localhost\n::1 ip6-localhost\n',
    'Windows line ends': '# Copyright (c)\r\n127.0.0.1 localhost\r\n',
    'no line end behind the last line': '127.0.0.1 localhost',
    empty: '',
    'bytes that are no UTF-8': '# caf\xe9\n127.0.0.1 localhost\n\n\n',
  };

  test.each(Object.entries(texts))('adds, changes and takes away to the byte: %s', (_, text) => {
    const one = withNames(text, ['api.test'], 'ada') ?? '';
    expect(blockNames(one, 'ada')).toEqual(['api.test']);
    expect(one.startsWith(text)).toBe(true);
    const two = withNames(one, ['api.test', 'shop.test'], 'ada') ?? '';
    expect(blockNames(two, 'ada')).toEqual(['api.test', 'shop.test']);
    expect(withNames(two, ['api.test'], 'ada')).toBe(one);
    expect(withNames(two, [], 'ada')).toBe(text);
    expect(/(^|[^\r])\n/.test(two)).toBe(!text.includes('\r\n'));
  });

  test('the block gives each name both loopback addresses', () => {
    expect(withNames('', ['api.test'], 'ada')?.split('\n')).toEqual([
      '# devcert: begin, names of ada',
      '127.0.0.1 api.test',
      '::1 api.test',
      '# devcert: end, names of ada',
      '',
    ]);
  });

  test('each user has a block; lines that others wrote into it or behind it stay', () => {
    const ada = withNames('127.0.0.1 localhost\n', ['a.test'], 'ada') ?? '';
    const both = withNames(`${ada}10.0.0.9 nas\n`, ['b.test'], 'bob') ?? '';
    expect(blockNames(both, 'ada')).toEqual(['a.test']);
    expect(blockNames(both, 'bob')).toEqual(['b.test']);
    const edited = both.replace('::1 a.test', '::1 a.test\n10.0.0.5 printer # mine');
    const gone = withNames(withNames(edited, [], 'ada') ?? '', [], 'bob');
    expect(gone).toBe('127.0.0.1 localhost\n10.0.0.5 printer # mine\n10.0.0.9 nas\n');
  });

  test('two blocks of a user, as hands that merged files leave them, are one', () => {
    const text = '127.0.0.1 localhost\n';
    const one = (name: string) =>
      (withNames('', [name], 'ada') ?? '').replace('\n::1', '\n# mine\n::1');
    const both = `${text}${one('a.test')}10.0.0.1 db.test\n${one('b.test')}10.0.0.2 mq.test\n`;
    expect(blockNames(both, 'ada')).toEqual(['a.test', 'b.test']);
    expect(withNames(both, [], 'ada')).toBe(
      `${text}# mine\n# mine\n10.0.0.1 db.test\n10.0.0.2 mq.test\n`,
    );
    expect(blockNames(withNames(both, ['a.test'], 'ada') ?? '', 'ada')).toEqual(['a.test']);
  });

  test('a block that lost its last line is not guessed at', () => {
    const text = (withNames('', ['api.test'], 'ada') ?? '').replace(/# devcert: end.*\n/, '');
    expect(withNames(text, [], 'ada')).toBeUndefined();
    expect(withNames(text, ['b.test'], 'ada')).toBeUndefined();
  });

  test('a user’s name cannot break out of its line', () => {
    const text = withNames('', ['api.test'], 'ada\n6.6.6.6 bank.com') ?? '';
    expect(text.split('\n').filter((it) => !it.startsWith('#'))).toEqual([
      '127.0.0.1 api.test',
      '::1 api.test',
      '',
    ]);
  });
});

describe.runIf(hasShell)('writeHostsCommands()', () => {
  const host = { platform: 'linux' as const, env: {} };

  test('a copy takes the place of the file, which keeps its owner and mode', () => {
    const sysroot = temporaryFolder();
    // Without one there is none to have the owner of.
    const made = writeHostsCommands({ ...host, sysroot }, 'text').map(line);
    expect(made).toEqual(['sudo tee /etc/hosts']);
    mkdirSync(join(sysroot, 'etc'));
    writeFileSync(join(sysroot, 'etc/hosts'), '');
    expect(writeHostsCommands({ ...host, sysroot }, 'text').map(line)).toEqual([
      'sudo cp -f -a /etc/hosts /etc/hosts.devcert',
      'sudo tee /etc/hosts.devcert',
      'sudo mv -f /etc/hosts.devcert /etc/hosts',
      'sudo rm -f /etc/hosts.devcert',
    ]);
  });

  test('a file that is mounted by itself is written in place', () => {
    const sysroot = temporaryFolder();
    mkdirSync(join(sysroot, 'proc/self'), { recursive: true });
    writeFileSync(
      join(sysroot, 'proc/self/mountinfo'),
      '1 0 0:1 / / rw - overlay overlay rw\n2 1 8:1 /x /etc/hosts rw - ext4 /dev/sda1 rw\n',
    );
    const commands = writeHostsCommands({ ...host, sysroot }, 'text');
    expect(commands.map(line)).toEqual(['sudo tee /etc/hosts']);
    expect(commands[0]?.input).toEqual(Buffer.from('text'));
  });
});
