/** Ports for programs that have to be told theirs. Scenarios are bundled with it: nothing of vitest here. */
import type { ChildProcess } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Below those that systems give away by themselves, 32768 and up: until the program has started nobody gets it by chance. */
const [FIRST, COUNT] = [12_000, 20_000];
/** A JVM on a busy machine takes half of it. */
const LIMIT_MS = 90_000;

// Test files run beside each other, each in a process: those begin far from each other.
let next = (process.pid * 101) % COUNT;

/** A port that nobody listens on, another one each time. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + next;
    next = (next + 1) % COUNT;
    if (await isFree(port)) return port;
  }
}

/**
 * Waits until this program listens on the port.
 *
 * @throws with what `output` gives, if the program ends before, or does not listen in time.
 */
export async function untilListens(
  port: number,
  program: ChildProcess,
  output = () => '',
): Promise<void> {
  for (const until = Date.now() + LIMIT_MS; !(await listens(port));) {
    const hasEnded = program.exitCode !== null || program.signalCode !== null;
    if (program.pid === undefined || hasEnded || Date.now() > until)
      throw new Error(`${program.spawnfile} does not listen on ${port}: ${output().slice(-4000)}`);
    await sleep(50);
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    // On every address of this machine.
    server.listen(port, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, 'localhost', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}
