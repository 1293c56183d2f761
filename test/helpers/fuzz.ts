/** Damage that is the same for the same seed, and the loop that every fuzz run is. What fails is printed. */
import { Worker } from 'node:worker_threads';
import { DevcertError } from '../../src/errors.ts';

/** A whole number from 0 to below `below`. */
export type Random = (below: number) => number;

/** One input, with what reads it: throws for what was accepted and should not have been. */
export interface FuzzInput {
  readonly bytes: Buffer;
  readonly read: () => void;
}

/** What came of a run. */
export interface FuzzResult {
  readonly read: number;
  readonly refused: number;
}

/**
 * Reads `count` inputs. Every refusal must be a DevcertError with a hint, and neither it nor its hint may be
 * longer than a screen.
 *
 * Throws for the first one that crashes or is a forgery. One that takes more than half a minute of CPU, or makes
 * the process larger than {@link MAX_MIB}, ends the whole process, as nothing else ends a hang: its number and
 * seed are on standard error then. So it belongs into a child: `fuzzedInChild()`.
 */
export function fuzz(count: number, seed: number, next: (random: Random) => FuzzInput): FuzzResult {
  const random = randomNumbers(seed);
  const result = { read: 0, refused: 0 };
  const watchdog = startWatchdog(seed);
  try {
    for (let i = 0; i < count; i++) {
      const { bytes, read } = next(random);
      watchdog.started(i);
      try {
        read();
        result.read++;
      } catch (error) {
        const isExpected =
          error instanceof DevcertError &&
          (error.hint ?? '') !== '' &&
          error.message.length + (error.hint?.length ?? 0) < 2000;
        if (!isExpected) {
          const input =
            bytes.length > MAX_PRINTED ? `${bytes.length} bytes` : bytes.toString('base64');
          const text = `input ${i} of seed ${seed}: ${String(error)}\n${input}`;
          throw new Error(text, { cause: error });
        }
        result.refused++;
      }
    }
  } finally {
    watchdog.stop();
  }
  return result;
}

/** Larger inputs drown what is wrong; their number and seed make them again. */
const MAX_PRINTED = 100_000;
/** Of CPU, as a machine may be busy. Longer is a hang. The costliest password hash that the readers allow takes a few seconds. */
const MAX_SECONDS = 30;
/** Of the whole process: no file within the readers' limits may need more. */
const MAX_MIB = 2048;

// In a thread of its own: the one that hangs can tell nobody.
const watchdogCode = `
const { workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const current = new Int32Array(workerData.shared);
let last = -1;
let begun = 0;
setInterval(() => {
  const now = Atomics.load(current, 0);
  const { user, system } = process.cpuUsage();
  const used = (user + system) / 1e6;
  if (now !== last) begun = used;
  last = now;
  const seconds = used - begun;
  const mib = process.memoryUsage.rss() / 1024 / 1024;
  if (seconds < workerData.maxSeconds && mib < workerData.maxMib) return;
  const what = seconds < workerData.maxSeconds ? 'memory' : 'hang';
  writeSync(2, what + ': input ' + now + ' of seed ' + workerData.seed + '\\n');
  process.kill(process.pid, 'SIGKILL');
}, 1000);
`;

function startWatchdog(seed: number): { started: (index: number) => void; stop: () => void } {
  const shared = new SharedArrayBuffer(4);
  const current = new Int32Array(shared);
  const workerData = { shared, seed, maxSeconds: MAX_SECONDS, maxMib: MAX_MIB };
  const worker = new Worker(watchdogCode, { eval: true, workerData });
  worker.unref();
  return {
    started: (index) => Atomics.store(current, 0, index),
    stop: () => void worker.terminate(),
  };
}

const lengths = [0x00, 0x01, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff, 0x30, 0x24, 0xa0];

/** A copy with one to four damages. @param others what parts are taken from. */
export function mutate(original: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  let bytes = Buffer.from(original);
  for (let left = 1 + random(4); left > 0; left--) {
    const at = random(bytes.length + 1);
    const size = random(16);
    switch (random(8)) {
      case 0:
        bytes = bytes.subarray(0, at);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at + size), bytes.subarray(at)]);
        break;
      case 3: {
        const noise = Buffer.from(Array.from({ length: size }, () => random(256)));
        bytes = Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
        break;
      }
      case 4:
        if (at < bytes.length) bytes[at] = pick(lengths, random);
        break;
      case 5: {
        const other = pick(others, random);
        const from = random(other.length);
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(from)]);
        break;
      }
      default:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    }
  }
  return bytes;
}

/** Values inside each other, and long runs of one: what recursion and copying choke on. */
export function nest(random: Random): Buffer {
  const unit = Buffer.from(
    pick(['3080', '3082ffff', '2480', 'a080', '3000', '0500'], random),
    'hex',
  );
  const body = Buffer.alloc(unit.length * random(20_000), unit);
  return random(2) === 0 ? body : Buffer.concat([Buffer.from('3080020103', 'hex'), body]);
}

export function pick<T>(list: readonly T[], random: Random): T {
  const item = list[random(list.length)];
  if (item === undefined) throw new RangeError('an empty list');
  return item;
}

// mulberry32: small, and the same on every machine.
function randomNumbers(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
