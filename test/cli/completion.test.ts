/** What shells offer at the tab key: the scripts run in the real shells where they are. */
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { completionCommand, everyCommand } from '../../src/cli/completion.ts';
import { manualPage } from '../../src/cli/manual.ts';
import { temporaryFolder } from '../helpers/host.ts';
import { terminalOf } from '../helpers/terminal.ts';

const has = (program: string) => spawnSync(program, ['--version']).status === 0;

async function script(shell: string): Promise<string> {
  const { terminal, printed } = terminalOf();
  await completionCommand.run?.([shell], {}, terminal);
  const file = join(temporaryFolder(), 'completion');
  writeFileSync(file, `${printed().join('\n')}\n`);
  return file;
}

/** What is typed, and what must and must not be among the words that are offered. */
const cases = [
  ['devcert ', ['install', 'ca'], ['--stores']],
  ['devcert unin', ['uninstall'], ['install']],
  ['devcert ca ', ['create', 'import', 'replace'], ['install', '--stores']],
  ['devcert ca create ', ['--permit'], ['import', '--stores']],
  ['devcert install --st', ['--stores'], ['--machine']],
  ['devcert hosts re', ['remove'], ['add']],
] as const;

function bashOffers(file: string, line: string): string {
  const words = line.split(' ');
  const source = `source ${file}; COMP_WORDS=(${words.map((it) => `'${it}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _devcert; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', source], { encoding: 'utf8' });
}

function fishOffers(file: string, line: string): string {
  const source = `source ${file}; complete -C '${line}'`;
  return execFileSync('fish', ['--no-config', '-c', source], { encoding: 'utf8' });
}

function zshOffers(file: string, line: string): string {
  // _describe is given names of arrays: printing them shows what it would offer.
  const words = line.split(' ');
  const source = `compdef() { :; }; _files() { :; }; _describe() { print -l -- "\${(@P)2}"; }; source ${file}; words=(${words.map((it) => `'${it}'`).join(' ')}); CURRENT=${words.length}; _devcert`;
  return execFileSync('zsh', ['-f', '-c', source], { encoding: 'utf8' });
}

describe('devcert completion', () => {
  test.runIf(has('bash'))('bash', async () => {
    const file = await script('bash');
    for (const [line, there, absent] of cases) {
      const offered = bashOffers(file, line).split('\n');
      for (const word of there)
        expect({ line, word, is: offered.includes(word) }).toEqual({ line, word, is: true });
      for (const word of absent) expect(offered).not.toContain(word);
    }
  });

  test.runIf(has('fish'))('fish', async () => {
    const file = await script('fish');
    for (const [line, there, absent] of cases) {
      const offered = fishOffers(file, line)
        .split('\n')
        .map((it) => it.split('\t')[0]);
      for (const word of there)
        if (!word.startsWith('--') || line.endsWith('--st'))
          expect({ line, word, is: offered.includes(word) }).toEqual({ line, word, is: true });
      for (const word of absent) expect(offered).not.toContain(word);
    }
  });

  test.runIf(has('zsh'))('zsh', async () => {
    const file = await script('zsh');
    for (const [line, there] of cases) {
      const offered = zshOffers(file, line)
        .split('\n')
        .map((it) => it.split(':')[0]);
      for (const word of there)
        expect({ line, word, is: offered.includes(word) }).toEqual({ line, word, is: true });
    }
  });

  test('every command and option of the declarations is in each, PowerShell, too', async () => {
    const { terminal, printed } = terminalOf();
    for (const shell of ['bash', 'zsh', 'fish', 'powershell'])
      await completionCommand.run?.([shell], {}, terminal);
    const all = printed().join('\n');
    for (const { next } of await everyCommand())
      for (const { word } of next) expect(all).toContain(word.replace(/^--/, ''));
    await expect(completionCommand.run?.(['tcsh'], {}, terminal)).rejects.toMatchObject({
      code: 'usage',
    });
  });

  test.runIf(has('man'))('the manual page is one that man shows without complaint', async () => {
    const file = join(temporaryFolder(), 'devcert.1');
    writeFileSync(file, `${manualPage(await everyCommand(), '1.2.3').join('\n')}\n`);
    const shown = spawnSync('man', ['--warnings', '-E', 'UTF-8', '-l', file], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, MANWIDTH: '80', LC_ALL: 'C.UTF-8' },
    });
    expect(shown.stderr).toBe('');
    for (const text of ['devcert ca create <name>', '--permit <domain>', 'EXIT STATUS'])
      expect(shown.stdout.replace(/.\u0008/g, '')).toContain(text);
  });
});
