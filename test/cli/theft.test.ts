/** What the command says of a stolen key: what test/forgeries/answers.json has, and no more. */
import { describe, expect, test } from 'vitest';
import { constraintsText, theftText } from '../../src/cli/lines.ts';
import { readAnswers } from '../forgeries/answers.ts';
import { freshHome } from '../helpers/cli.ts';

const words = (text: string) => text.replace(/\s+/g, ' ');
const EVERY_CLIENT = 'can forge these names in every client';

describe('a stolen key, as told by', () => {
  test('install', async () => {
    const { stdout } = await freshHome().run(['install', '--dry-run']);
    expect(words(stdout)).toContain(EVERY_CLIENT);
    expect(stdout).not.toContain('nothing else');
  });

  test('ca create, with and without constraints, for clients', async () => {
    const { run } = freshHome();
    expect(words((await run(['ca', 'create', 'shop'])).stdout)).toContain(EVERY_CLIENT);
    const free = words((await run(['ca', 'create', 'free', '--no-constraints'])).stdout);
    expect(free).toContain('can forge every name in every client that trusts its root');
    const clients = words((await run(['ca', 'create', 'people', '--clients-only'])).stdout);
    expect(clients).toContain('can sign in as any user');
  });

  test('--client with a DNS name', async () => {
    const { run } = freshHome();
    const note = 'take it for a certificate of the server of that name';
    expect(words((await run(['--client', 'nas.test'])).stderr)).toContain(note);
    expect(words((await run(['--client', 'alice', '--force'])).stderr)).not.toContain(note);
    expect(words((await run(['--peer', 'nas.test', '--force'])).stderr)).not.toContain(note);
    const taking = readAnswers().filter(({ accepts }) => accepts.includes('client'));
    expect(taking.map(({ engine }) => engine)).toContain('wget');
  });

  test('--help of the command, install and ca create', async () => {
    const { run } = freshHome();
    for (const args of [['--help'], ['install', '--help'], ['ca', 'create', '--help']]) {
      const help = words((await run(args)).stdout);
      expect(help).toMatch(/Whoever copies .{2,20}key|whoever copies it/i);
      expect(help).toContain('every client');
    }
  });

  test('theftText() names clients that take some forgery, and no others', () => {
    const text = theftText({ dns: ['test'], ip: [] });
    expect(constraintsText({ dns: ['test'], ip: [] })).not.toContain('nothing else');
    for (const engine of ['curl', 'Python', 'Node', 'PHP', 'Ruby', 'Java', 'Bun', 'OpenSSL']) {
      expect(text).toContain(engine);
      for (const answer of readAnswers().filter((it) => it.engine === engine))
        expect([answer, answer.accepts.some((id) => /^(star|exact)/.test(id))]).toEqual([
          answer,
          true,
        ]);
    }
    const code = readAnswers().filter(({ accepts }) => accepts.includes('code'));
    expect(code.map(({ engine }) => engine)).toEqual(['jarsigner -verify -strict']);
  });
});
