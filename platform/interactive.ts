/** Whether a person can be asked: by us at the terminal, or by the system in a dialog. */

type Environment = Readonly<Record<string, string | undefined>>;

/** True if a person at the terminal of a process can be asked: not with `CI` set. */
export function canBeAsked(of: Pick<NodeJS.Process, 'stdin' | 'stderr'>, env: Environment) {
  // Terminals last: looking at standard input loads Node's network stack.
  return !isSet(env, 'CI') && [of.stdin.isTTY, of.stderr.isTTY].every(Boolean);
}

/**
 * Why nobody can answer a dialog of the system, if so: a build machine, a session over SSH, or a Windows
 * service, which have no desktop. A terminal is not needed: programs of Git Bash, of editors and npm scripts
 * have none (nodejs/node#39673), and a person sits in front of them all the same.
 */
export function whyNoDialog(env: Environment): 'ci' | 'ssh' | 'service' | undefined {
  if (isSet(env, 'CI')) return 'ci';
  if (isSet(env, 'SSH_CONNECTION') || isSet(env, 'SSH_TTY')) return 'ssh';
  return env.SESSIONNAME === 'Services' ? 'service' : undefined;
}

function isSet(env: Environment, name: string): boolean {
  return !['', '0', 'false', undefined].includes(env[name]);
}
