/**
 * What a thief with the issuer's key gets past real engines, held equal to `test/forgeries/answers.json`
 * in both directions: an engine that accepts more, or less, fails here. With `RECORD_FORGERIES=1` the
 * answers are written down instead; then `test/guides.test.ts` puts them into the guide.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, expectedAnswer, recordAnswer, RECORDING } from '../forgeries/answers.ts';
import { CASES, GOOD_HOST, STRANGER_HOST } from '../forgeries/cases.ts';
import { ENGINES } from '../forgeries/engines.ts';
import { versionOf } from '../forgeries/programs.ts';
import { type ForgeryServer, startForgeryServer } from '../forgeries/server.ts';
import {
  asks,
  type Purpose,
  signedByRight,
  signedByThief,
  VERIFIERS,
} from '../forgeries/verifiers.ts';
import { needs } from '../helpers/require.ts';
import { findProgram } from '../helpers/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'devcert-forgeries-'));
const ca = join(folder, 'ca.pem');
const hosts = [GOOD_HOST, STRANGER_HOST, ...CASES.map(({ host }) => host)];
let server: ForgeryServer;

beforeAll(async () => {
  server = await startForgeryServer();
  writeFileSync(ca, server.authority.rootPem);
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

test('every case has a host and an id of its own', () => {
  expect(new Set(hosts).size).toBe(hosts.length);
  expect(new Set(CASES.map(({ id }) => id)).size).toBe(CASES.length);
});

describe('a thief’s certificates are accepted exactly where answers.json says, by', () => {
  for (const engine of ENGINES)
    test(engine.name, async ({ skip }) => {
      const programs = await engine.find();
      if (programs.length === 0 && (!engine.inCi || !needs(false, engine.name))) skip();
      const versions = new Map<string, string>();
      for (const program of programs) {
        const version = await versionOf(engine, program);
        if (!versions.has(version)) versions.set(version, program);
      }
      for (const [version, program] of versions) {
        const taken = await engine.visit(program, hosts, { server, folder, ca });
        expect(taken).toContain(GOOD_HOST); // it works, and trusts our root
        expect(taken).not.toContain(STRANGER_HOST); // and no other
        const accepts = CASES.filter(({ host }) => taken.includes(host)).map(({ id }) => id);
        settle({
          engine: engine.name,
          version,
          ci: engine.inCi && program === programs[0],
          accepts: accepts.sort(),
        });
      }
    });
});

describe('a thief’s signatures are accepted exactly where answers.json says, by', () => {
  for (const verifier of VERIFIERS)
    test(verifier.name, async ({ skip }) => {
      if (!needs(findProgram(verifier.program) !== undefined, verifier.program)) skip();
      const accepts: Purpose[] = [];
      for (const what of verifier.asked) {
        expect([what, await asks(verifier, folder, await signedByRight(what))]).toEqual([
          what,
          true,
        ]);
        const thief = await signedByThief(server.authority, what);
        if (await asks(verifier, folder, thief)) accepts.push(what);
        const untrusted = { ...thief, root: (await signedByRight(what)).root };
        expect([what, await asks(verifier, folder, untrusted)]).toEqual([what, false]);
      }
      const version = await versionOf(verifier, verifier.program);
      settle({ engine: verifier.name, version, ci: true, asked: verifier.asked, accepts });
    });
});

/** Writes an answer down, or holds it against what was written. */
function settle(answer: Answer): void {
  if (RECORDING) {
    recordAnswer(answer);
    return;
  }
  const { engine, version, accepts } = answer;
  const expected = expectedAnswer(engine, version);
  expect({ engine, version, accepts }).toEqual({ engine, version, accepts: expected?.accepts });
}
