/**
 * The workflows, as far as Linux goes: their YAML read by PyYAML, every shell step judged by bash and ShellCheck,
 * and those steps of the one for real machines that Linux can run, started as the runner starts them.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/host.ts';
import { needs } from '../helpers/require.ts';
import { findProgram } from '../helpers/run.ts';

const checkout = resolve(import.meta.dirname, '../..');
const PYTHON = '/usr/bin/python3';
const ready = needs(
  findProgram('shellcheck') !== undefined && spawnSync(PYTHON, ['-c', 'import yaml']).status === 0,
  'shellcheck and python3-yaml (test/debian-packages.sh)',
);

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly shell?: string;
  readonly env?: Record<string, string>;
  readonly 'timeout-minutes'?: number;
}
interface Job {
  readonly 'runs-on': string;
  readonly 'timeout-minutes'?: number;
  readonly strategy?: { readonly matrix: { readonly os: string[]; readonly node?: number[] } };
  readonly env?: Record<string, string>;
  readonly steps: Step[];
}

interface Workflow {
  readonly jobs: Record<string, Job>;
  readonly permissions: unknown;
}

function readWorkflow(name: string): Workflow {
  const code = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))';
  const input = readFileSync(join(checkout, '.github/workflows', name));
  return JSON.parse(execFileSync(PYTHON, ['-c', code], { input, encoding: 'utf8' })) as Workflow;
}

describe.runIf(ready).each(['platforms.yml', 'release.yml'])('.github/workflows/%s', (name) => {
  const { jobs, permissions } = readWorkflow(name);
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  const scripts = steps.flatMap(({ run }) => (run === undefined ? [] : [run]));

  test('every action stands by its commit, and every step and job ends', () => {
    for (const { uses } of steps.filter((step) => step.uses !== undefined))
      expect(uses).toMatch(/^actions\/[a-z-]+@[0-9a-f]{40}$/);
    for (const it of [...steps, ...Object.values(jobs)])
      expect({ it, limit: it['timeout-minutes'] }).toEqual({
        it,
        limit: expect.any(Number) as number,
      });
    for (const { steps, 'timeout-minutes': limit = 0 } of Object.values(jobs))
      expect(Math.max(...steps.map((step) => step['timeout-minutes'] ?? 0))).toBeLessThan(limit);
  });

  test.each(scripts)('bash and ShellCheck read %j', (script) => {
    const text = `#!/bin/bash\n${script.replace(/\$\{\{[^}]*\}\}/g, 'value')}\n`;
    for (const [program, ...args] of [
      ['bash', '-n'],
      ['shellcheck', '-'],
    ] as const) {
      const { status, stdout, stderr } = spawnSync(program, args, {
        input: text,
        encoding: 'utf8',
      });
      expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
    }
  });

  test('reads the source, and what a job may do besides is its own', () => {
    expect(permissions).toEqual({ contents: 'read' });
  });
});

describe.runIf(ready)('.github/workflows/platforms.yml', () => {
  const { jobs } = readWorkflow('platforms.yml');
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  const real = jobs.real?.steps ?? [];
  const scripts = steps.flatMap(({ run }) => (run === undefined ? [] : [run]));

  test('is for machines that there are', () => {
    const systems = Object.values(jobs).flatMap((job) => job.strategy?.matrix.os ?? job['runs-on']);
    expect([...new Set(systems)].sort()).toEqual([
      'macos-15',
      'macos-26', // macos-14 ended on 2026-11-02
      'ubuntu-24.04',
      'windows-2022',
      'windows-2025',
    ]);
  });

  test('what is recorded is recorded, looked through and kept after a failure, too', () => {
    const always = real.filter((step) => step.if === 'always()');
    expect(always.map(({ name, uses }) => name ?? uses?.replace(/@.*/, ''))).toEqual([
      "record what the system's own tools answer",
      'nothing is left running',
      'actions/upload-artifact',
    ]);
  });

  test('nothing in it loosens the machine, or removes trust but through what is tested', () => {
    expect(scripts.join('\n')).not.toMatch(/authorizationdb|csrutil|remove-trusted|delstore/);
  });

  /** A checkout with a `node` that takes TypeScript, as Node 24 does, and believes to be elsewhere. */
  function machine(platform: string) {
    const folder = temporaryFolder();
    const [copy, bin] = [join(folder, 'copy'), join(folder, 'bin')];
    for (const it of [copy, bin]) mkdirSync(it);
    for (const part of ['dist', 'node_modules', 'package.json', 'platform', 'src', 'test'])
      symlinkSync(join(checkout, part), join(copy, part));
    writeFileSync(
      join(folder, 'elsewhere.cjs'),
      `Object.defineProperty(process, 'platform', { value: ${JSON.stringify(platform)} });`,
    );
    const esbuild = join(checkout, 'node_modules/.bin/esbuild');
    const dirname = `--define:import.meta.dirname='"${join(checkout, 'test/real')}"'`;
    const bundle = `"${esbuild}" "$1" --bundle --platform=node --format=esm --log-level=error --ignore-annotations ${dirname} \
      --banner:js="import{createRequire as cr}from'node:module';const require=cr('${checkout}/');" --outfile="${folder}/program.mjs"`;
    writeFileSync(
      join(bin, 'node'),
      `#!/bin/sh
case "$1" in
*.ts) ${bundle} && shift && exec "${process.execPath}" "${folder}/program.mjs" "$@" ;;
*) exec "${process.execPath}" -r "${folder}/elsewhere.cjs" "$@" ;;
esac
`,
      { mode: 0o755 },
    );
    const env = {
      PATH: [bin, process.env.PATH].join(delimiter),
      HOME: folder,
      CI: 'true',
      RUNNER_OS: 'Linux',
      DEVCERT_HOME: join(folder, 'user-domain'),
    };
    // What the runner starts: docs.github.com, workflow syntax, jobs.<job_id>.steps[*].shell
    const run = (step: Step) => {
      const file = join(folder, 'step.sh');
      writeFileSync(file, step.run ?? '');
      const args = step.shell === 'bash' ? ['--noprofile', '--norc', '-eo', 'pipefail'] : ['-e'];
      return spawnSync('bash', [...args, file], {
        cwd: copy,
        env,
        encoding: 'utf8',
        timeout: 90_000,
      });
    };
    return { run, copy };
  }
  const named = (part: string): Step => {
    const found = real.find(({ name }) => name?.includes(part) === true);
    if (found === undefined) throw new Error(`no step "${part}"`);
    return found;
  };

  test('a user’s install on a Mac in CI: the step passes, and does not where it is let through', () => {
    const step = named('fails at once');
    const { status, stdout, stderr } = machine('darwin').run(step);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('--machine');
    const through = {
      ...step,
      run: (step.run ?? '').replace('install --stores system', '--version'),
    };
    expect(machine('darwin').run(through).status).toBe(1);
  });

  test('the proof, the records and the look for what is left, one after the other', () => {
    const { run, copy } = machine('linux');
    for (const part of ['refused, trusted', 'record what', 'nothing is left']) {
      const { status, stderr } = run(named(part));
      expect({ part, status, stderr }).toEqual({ part, status: 0, stderr: '' });
    }
    for (const file of ['verdicts.json', 'tools.json'])
      expect(existsSync(join(copy, 'records', file))).toBe(true);
  });

  test('a tool that is left running is seen', () => {
    const step = named('nothing is left');
    const other = {
      ...step,
      run: (step.run ?? '').replace('pgrep -lx security', `pgrep -lx bash`),
    };
    expect(machine('linux').run(other).status).toBe(1);
  });
});
