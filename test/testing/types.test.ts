/** The public types of `devcert-local/testing`: what compiles, and what does not. `tsc` is the judge. */
import https from 'node:https';
import { expectTypeOf, test } from 'vitest';
import {
  assertClient,
  assertServer,
  type BrokenKind,
  brokenKinds,
  type ClientOutcome,
  createTestCa,
  type TestCa,
  type TestFiles,
  type TestLeaf,
  type TestLeafFiles,
  type VerifyCode,
  type VerifyResult,
} from '../../src/entry/testing.ts';

test('every kind is a code of verify', () => {
  expectTypeOf<BrokenKind>().toExtend<VerifyCode>();
  expectTypeOf(brokenKinds[0]).toEqualTypeOf<'expired'>();
});

test('what is made is what Node takes, and the assertions take what is made', () => {
  expectTypeOf(createTestCa).returns.toEqualTypeOf<TestCa>();
  expectTypeOf<TestCa['leaf']>().returns.toEqualTypeOf<TestLeaf>();
  expectTypeOf<TestLeaf>().toExtend<https.ServerOptions>();
  expectTypeOf<Pick<TestCa, 'crl'> & { ca: string }>().toExtend<https.ServerOptions>();
  expectTypeOf<ReturnType<TestLeaf['files']>>().toEqualTypeOf<TestLeafFiles>();
  expectTypeOf<ReturnType<TestCa['files']>>().toEqualTypeOf<TestFiles>();
  expectTypeOf(assertServer).returns.resolves.toEqualTypeOf<VerifyResult>();
  expectTypeOf(assertClient).returns.resolves.toEqualTypeOf<ClientOutcome[]>();
  expectTypeOf(https.createServer).returns.toExtend<Parameters<typeof assertServer>[0]>();
});

/** Never called: it is only compiled. */
export function refusedByTheCompiler(ca: TestCa): unknown[] {
  return [
    // @ts-expect-error there is no such kind
    ca.broken('rotten', 'api.test'),
    // @ts-expect-error a CA has no key to give away
    ca.key,
    // @ts-expect-error nothing but the root is written for a CA
    ca.files().keyFile,
    // @ts-expect-error whom to trust is the question
    assertServer(8443, {}),
    // @ts-expect-error there is no such code
    assertServer(8443, { ca, refused: 'bad' }),
    // @ts-expect-error dates, not texts
    ca.leaf('api.test', { notAfter: '2027-01-01' }),
  ];
}
