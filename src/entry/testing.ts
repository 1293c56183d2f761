/**
 * `devcert-local/testing`: certificates for tests, good ones and broken ones, of a CA in memory that nothing trusts.
 * It never touches devcert's own CA, and no file but those that are asked for.
 */
export { assertClient } from '../testing/assert-client.ts';
export { assertServer } from '../testing/assert-server.ts';
export { createTestCa } from '../testing/ca.ts';
export { brokenKinds } from '../testing/kinds.ts';
export { DevcertError, type ErrorCode } from '../errors.ts';

export type { AssertClientOptions, ClientOutcome, ClientTarget } from '../testing/assert-client.ts';
export type { AssertServerOptions } from '../testing/assert-server.ts';
export type { TestFiles, TestLeafFiles } from '../testing/files.ts';
export type { BrokenKind } from '../testing/kinds.ts';
export type { ListeningServer, ServerTarget } from '../testing/target.ts';
export type * from '../testing/types.ts';
export type { KeyType } from '../keys.ts';
export type * from '../verify/types.ts';
