/** `devcert init`, as a person types it; and the script that it adds, as npm runs it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CLI, freshHome, twoLines } from '../helpers/cli.ts';
import { hasShell } from '../helpers/can.ts';
import { run as runProgram } from '../helpers/run.ts';

describe('devcert init', () => {
  test('shows, writes, and a bare devcert does what it says', async () => {
    const { run, project } = freshHome();
    const file = join(project, 'devcert.json');
    const dry = await run(['init', 'api.test', '--dry-run']);
    expect(dry.stdout).toBe(`Would write ${file}\n  {\n    "names": ["api.test"]\n  }\n`);
    const wrote = await run(['init', 'api.test']);
    expect(wrote.stdout).toBe(dry.stdout.replace('Would write', 'Wrote'));
    expect(wrote.stderr).toBe('devcert: note: for the certificate: devcert\n');
    expect((await run([])).stdout).toContain('Issued a certificate for api.test\n');
    const again = await run(['init']);
    expect([again.status, again.stdout, again.stderr]).toEqual([
      0,
      `In ${file} already: api.test\n`,
      '',
    ]);
    const other = await run(['init', 'b.test']);
    expect([other.status, twoLines(other).hint]).toEqual([
      1,
      'change them there, or write it anew: --force',
    ]);
    const json = await run(['init', 'b.test', '--force', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ file, names: ['b.test'], written: true });
  });

  test.runIf(hasShell)('npm run dev says what to type, until all is well', async () => {
    const { run, project, env } = freshHome();
    const manifest = join(project, 'package.json');
    writeFileSync(
      manifest,
      '{\n  "private": true,\n  "scripts": {\n    "dev": "echo started"\n  }\n}\n',
    );
    const { stdout } = await run(['init', '--script']);
    expect(stdout).toContain('Wrote the script "predev": "devcert check"');
    expect(JSON.parse(readFileSync(manifest, 'utf8'))).toMatchObject({
      scripts: { predev: 'devcert check', dev: 'echo started' },
      devcert: { names: ['localhost', 'project.test'] },
    });
    const bin = join(project, 'node_modules/.bin');
    mkdirSync(bin, { recursive: true });
    const text = `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`;
    writeFileSync(join(bin, 'devcert'), text, { mode: 0o755 });
    const PATH = `${dirname(process.execPath)}:${env.PATH ?? ''}`;
    const dev = await runProgram('npm', ['run', 'dev'], { cwd: project, env: { ...env, PATH } });
    expect(dev.status).not.toBe(0);
    expect(dev.output).toContain('try: devcert install');
    expect(dev.output).not.toContain('\nstarted');
  });
});
