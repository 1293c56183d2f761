/** Variables that take the place of the system's roots, or switch verification off. */
import { resolve } from 'node:path';
import type { Root } from '../../platform/types.ts';
import { ADDING, NPM, readText, REPLACING } from '../commands/environment.ts';
import { say, type Text } from '../errors.ts';
import type { Context } from '../commands/context.ts';
import { finding, type Finding } from './finding.ts';
import type { Check } from './machine.ts';

export const variablesCheck: Check = {
  id: 'variables',
  about: 'variables of the environment',
  run({ context, root }) {
    const names = [...ADDING, ...REPLACING, ...NPM];
    const wrong = root === undefined ? [] : names.flatMap((name) => judge(name, context, root));
    return [...verificationOff(context), ...wrong];
  },
};

/** True if the variable names a file of roots without ours, or one that cannot be read. */
export function isInTheWay(name: string, context: Context, root: Root): boolean {
  return judge(name, context, root).length > 0;
}

function judge(name: string, context: Context, root: Root): Finding[] {
  const { host, cwd } = context;
  const value = host.env[name];
  if (value === undefined || value === '') return [];
  const text = readText(resolve(cwd, value));
  if (text !== undefined && bare(text).includes(bare(root.pem))) return [];
  const what =
    text === undefined
      ? `${name} names a file that cannot be read: "${value}"`
      : `${name} names a file of roots without the CA's: "${value}"`;
  return [finding('variables', 'trust', what, merging(context))];
}

/** Has every program of this terminal trust the root besides what its variables name. */
function merging({ host, ca }: Context): Text {
  const env = { command: 'env', ca } as const;
  return host.platform === 'win32'
    ? say`${env} | Out-String | Invoke-Expression`
    : say`eval "$(${env})"`;
}

function verificationOff({ host }: Context): Finding[] {
  if (host.env.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return [];
  const what = 'NODE_TLS_REJECT_UNAUTHORIZED=0: Node verifies no certificate of any server';
  const unset = host.platform === 'win32' ? 'Remove-Item Env:' : 'unset ';
  return [finding('variables', 'other', what, `${unset}NODE_TLS_REJECT_UNAUTHORIZED`)];
}

/** PEM without what may differ between two copies of a certificate. */
function bare(pem: string): string {
  return pem.replace(/\s/g, '');
}
