/** `devcert init`: what it writes, and what it leaves. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { init } from '../../src/commands/init.ts';
import { issue } from '../../src/commands/issue.ts';
import { readProjectFile } from '../../src/project/file.ts';
import { hasModes } from '../helpers/can.ts';
import { projectMachine } from '../helpers/stores.ts';

function machine(files: Record<string, string> = {}, name = 'Shop & Co') {
  const { context, base } = projectMachine();
  const cwd = join(base, name);
  mkdirSync(cwd);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(cwd, file), text);
  return {
    context: { ...context, cwd },
    read: (file: string) => readFileSync(join(cwd, file), 'utf8'),
    cwd,
  };
}

describe('init()', () => {
  test('without package.json: devcert.json, with localhost and the name of the folder', async () => {
    const { context, read, cwd } = machine();
    const result = await init(context, []);
    expect(result).toMatchObject({
      file: join(cwd, 'devcert.json'),
      names: ['localhost', 'shop-co.test'],
      written: true,
      script: undefined,
      notes: ['for the certificate: devcert'],
    });
    expect(read('devcert.json')).toBe('{\n  "names": ["localhost", "shop-co.test"]\n}\n');
    expect(readProjectFile(cwd)?.names).toEqual(['localhost', 'shop-co.test']);
    // Once more is nothing to do.
    expect(await init(context, [])).toMatchObject({ written: false, text: undefined });
  });

  test('names the schema where the package is, also above the folder', async () => {
    const { context, read, cwd } = machine();
    mkdirSync(join(cwd, '../node_modules/devcert-local/dist'), { recursive: true });
    writeFileSync(join(cwd, '../node_modules/devcert-local/dist/schema.json'), '{}');
    await init(context, []);
    expect(JSON.parse(read('devcert.json'))).toMatchObject({
      $schema: '../node_modules/devcert-local/dist/schema.json',
    });
  });

  test('of the pair that is there: names, kind of key and days', async () => {
    const { context, read } = machine({ 'package.json': '{\n\t"name": "x"\n}\n' });
    await issue(context, ['a.test', 'b.test'], { key: 'p384', days: '90' });
    await init(context, []);
    expect(JSON.parse(read('package.json'))).toEqual({
      name: 'x',
      devcert: { names: ['a.test', 'b.test'], key: 'p384', days: 90 },
    });
    expect(read('package.json')).toContain('\n\t\t"names": [\n\t\t\t"a.test",');
    // What a bare devcert would issue is there already.
    expect(await issue(context, [], { again: true })).toMatchObject({ issued: false });
  });

  test('names with placeholders stay; bad ones are refused before anything is written', async () => {
    const { context, read, cwd } = machine();
    mkdirSync(join(cwd, '.git'));
    writeFileSync(join(cwd, '.git/HEAD'), 'ref: refs/heads/Main\n');
    for (const [name, code] of [
      ['*.test', 'invalid-name'],
      ['a b', 'invalid-name'],
      ['{branch}..test', 'invalid-name'],
    ] as const)
      await expect(init(context, [name])).rejects.toMatchObject({ code });
    expect(readdirSync(cwd)).toEqual(['.git']);
    await init(context, ['{branch}.shop.test', 'BÜCHER.test']);
    expect(JSON.parse(read('devcert.json'))).toEqual({
      names: ['{branch}.shop.test', 'xn--bcher-kva.test'],
    });
  });

  test('what the file says stays without force, and a dry run writes nothing', async () => {
    const before = '{ "devcert": { "names": ["a.test"] }, "z": [1,2] }';
    const { context, read, cwd } = machine({ 'package.json': before });
    expect(await init(context, ['a.test'])).toMatchObject({ written: false, text: undefined });
    await expect(init(context, ['b.test'])).rejects.toMatchObject({
      code: 'file',
      hint: 'change them there, or write it anew: { force: true }',
    });
    expect(await init(context, ['b.test'], { force: true, dryRun: true })).toMatchObject({
      text: '{\n  "names": ["b.test"]\n}',
      written: false,
    });
    expect([read('package.json'), readdirSync(cwd)]).toEqual([before, ['package.json']]);
    await init(context, ['b.test'], { force: true });
    expect(read('package.json')).toBe('{ "devcert": {"names":["b.test"]}, "z": [1,2] }');
  });

  test('two files that both say something, a torn one and a certificate of a client are errors', async () => {
    const two = machine({
      'devcert.json': '{"names":["a.test"]}',
      'package.json': '{"devcert":{}}',
    });
    const torn = machine({ 'package.json': '{"name": ' });
    const client = machine();
    await issue(client.context, ['alice'], { client: true });
    for (const [{ context }, code] of [
      [two, 'invalid-input'],
      [torn, 'invalid-input'],
      [client, 'usage'],
    ] as const)
      for (const force of [false, true])
        await expect(init(context, [], { force })).rejects.toMatchObject({ code });
    expect(torn.read('package.json')).toBe('{"name": ');
  });

  test('a script is offered, added when it is asked for, and never in the place of another', async () => {
    const { context, read } = machine({
      'package.json': '{\n  "scripts": {\n    "start": "x"\n  }\n}',
    });
    const offered = await init(context, []);
    expect(offered.script).toEqual({
      name: 'prestart',
      command: 'devcert check',
      state: 'offered',
    });
    expect(offered.notes.join()).toContain('devcert init --script');
    const added = await init(context, [], { script: true });
    expect(added).toMatchObject({ text: undefined, written: true, script: { state: 'written' } });
    expect(added.notes.join()).toContain('npm install --save-dev devcert-local');
    expect(JSON.parse(read('package.json'))).toMatchObject({
      scripts: { start: 'x', prestart: 'devcert check' },
    });
    const again = await init(context, [], { script: true });
    expect(again).toMatchObject({ written: false, script: { state: 'there' } });
    const other = machine({ 'package.json': '{"scripts":{"predev":"x"}}' });
    const kept = await init(other.context, [], { script: true });
    expect([kept.script?.state, kept.notes.join()]).toEqual([
      'other',
      expect.stringContaining('put "devcert check" in front'),
    ]);
    expect(JSON.parse(other.read('package.json'))).toMatchObject({ scripts: { predev: 'x' } });
  });

  test.runIf(hasModes)('the mode of package.json stays', async () => {
    const { context, cwd } = machine({ 'package.json': '{}' });
    chmodSync(join(cwd, 'package.json'), 0o664);
    await init(context, []);
    expect(statSync(join(cwd, 'package.json')).mode & 0o777).toBe(0o664);
  });
});
