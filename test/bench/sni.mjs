// 10,000 names through sniCallback() of the built library: time for each as a ratio to a bare P-256 key and
// signature, turn by turn in the same run, and memory. No assertion: read it.
//
// "the floor" is what Node's createSecureContext() takes for a certificate and key that are there already: no
// callback that answers with a context can be quicker. It is most of the time, and mostly OpenSSL's: 3.0 (Node 20)
// takes five times as long to read a key or a certificate as 3.5 (Node 22.23, 24.21, 26).
//
//   node --expose-gc test/bench/sni.mjs           10,000 names
//   node --expose-gc test/bench/sni.mjs 50000     that many, and as many hostile ones
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';

const count = Number(process.argv[2] ?? 10_000);
process.env.DEVCERT_HOME = mkdtempSync(join(tmpdir(), 'devcert-bench-'));
const { certificateFor, sniCallback } = await import('../../dist/index.mjs');
const callback = await sniCallback({ allow: (name) => name.endsWith('.app.test') });
const answer = (name) =>
  new Promise((resolve, reject) => {
    callback(name, (error, context) => (error === null ? resolve(context) : reject(error)));
  });

// The key as servers read it, and a certificate's worth of bytes.
const encodings = {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
};
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const toBeSigned = Buffer.alloc(500, 7);
const bare = () => {
  generateKeyPairSync('ec', { namedCurve: 'P-256', ...encodings });
  sign('sha256', toBeSigned, privateKey);
};

// As many are kept as the callback keeps: what is let go is cleared away in the time of others.
const pair = await certificateFor('floor.app.test');
const kept = [];
const floor = () => {
  kept.push(createSecureContext({ cert: pair.cert, key: pair.key }));
  if (kept.length > 500) kept.shift();
};

async function timed(work) {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

const mib = () => {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
};
const at = (times, share) => times.sort((a, b) => a - b)[Math.floor(times.length * share)];

const first = await timed(() => answer('first.app.test'));
for (let index = 0; index < 200; index++) {
  bare();
  floor();
  await answer(`warm${index}.app.test`);
}
const times = { bare: [], floor: [], made: [], kept: [], refused: [] };
console.log(`Node ${process.versions.node}, OpenSSL ${process.versions.openssl}`);
console.log(`memory at first: ${mib().toFixed(0)} MiB`);
for (let index = 0; index < count; index++) {
  times.bare.push(await timed(bare));
  times.floor.push(await timed(floor));
  times.made.push(await timed(() => answer(`n${index}.app.test`)));
  times.kept.push(await timed(() => answer(`n${index}.app.test`)));
  if ((index + 1) % (count / 5) === 0)
    console.log(`after ${index + 1} names: ${mib().toFixed(0)} MiB`);
}
// By itself: long texts are garbage that would be collected in the time of the others.
for (let index = 0; index < count; index++) {
  const name = `n${index}\n${'x'.repeat(index % 65_536)}`;
  times.refused.push(await timed(() => answer(name)));
}
console.log(`after ${count} hostile ones: ${mib().toFixed(0)} MiB`);
for (const share of [0.5, 0.99]) {
  const base = at(times.bare, share);
  const ratio = (of) => `${at(of, share).toFixed(3)} ms, ${(at(of, share) / base).toFixed(2)}`;
  const label = share === 0.5 ? 'median' : 'p99';
  console.log(`${label}: a bare key and signature ${base.toFixed(3)} ms`);
  console.log(`${label}: the floor ${ratio(times.floor)}`);
  console.log(`${label}: a new name ${ratio(times.made)}${share === 0.99 ? ' (aim: 3)' : ''}`);
  console.log(`${label}: one that is kept ${ratio(times.kept)}`);
  console.log(`${label}: a hostile one ${ratio(times.refused)}`);
}
const together = Array.from({ length: 50 }, (_, index) => `burst${index}.app.test`);
const burst = await timed(() => Promise.all(together.map(answer)));
console.log(`the very first name: ${first.toFixed(1)} ms`);
console.log(`50 new names at once: ${burst.toFixed(1)} ms until the last has its answer`);
rmSync(process.env.DEVCERT_HOME, { recursive: true });
