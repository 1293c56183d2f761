/** What a person types at a terminal of their own. By Python, whose standard library has terminals. */
import { CLI } from './cli.ts';
import { type Ended, run } from './run.ts';

/** A text that is waited for, then what is typed: `\r` is Enter, `\x03` Ctrl-C. */
export type Answer = readonly [asked: string, typed: string];

/**
 * Runs the command at a terminal. Status 98 if it does not ask as told within 50 s.
 *
 * @returns what was on the screen, and the status of the command.
 */
export function typed(
  args: readonly string[],
  answers: readonly Answer[],
  options: { env: Record<string, string | undefined>; cwd: string },
): Promise<Ended> {
  const command = [process.execPath, CLI, ...args];
  // Of the command alone: Python may need another PATH.
  const env = { ...process.env, ...options.env };
  const told = JSON.stringify({ command, answers, env });
  return run('python3', ['-c', program, told], { cwd: options.cwd });
}

const program = `
import json, os, pty, select, signal, sys, time
told = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    os.execve(told["command"][0], told["command"], told["env"])
new, late = b"", time.time() + 50
answers = [[text.encode() for text in answer] for answer in told["answers"]]
while True:
    if not select.select([terminal], [], [], max(0, late - time.time()))[0]:
        os.kill(pid, signal.SIGKILL)
        print("not asked:", answers)
        sys.exit(98)
    try:
        shown = os.read(terminal, 65536)
    except OSError:
        break
    if shown == b"":
        break
    sys.stdout.buffer.write(shown)
    new += shown
    while answers and answers[0][0] in new:
        new = new.split(answers[0][0], 1)[1]
        os.write(terminal, answers.pop(0)[1])
        late = time.time() + 50
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) if not answers else 98)
`;
