/** What programs in TypeScript may write: checked by `npm run typecheck`. */
import type { SecureServerOptions } from 'node:http2';
import type { ServerOptions } from 'node:https';
import type { TlsOptions } from 'node:tls';
import { describe, expectTypeOf, test } from 'vitest';
import {
  certificateFor,
  ensure,
  type Ensured,
  type EnsureOptions,
  type InstallOptions,
  type IssueOptions,
  type MtlsOptions,
  type Listener,
  type Trust,
  trustThisProcess,
} from '../../src/index.ts';

describe('types of the library', () => {
  test('what ensure() gives is what servers take', () => {
    expectTypeOf(ensure).returns.resolves.toEqualTypeOf<Ensured>();
    expectTypeOf<Ensured>().toExtend<ServerOptions>();
    expectTypeOf<Ensured>().toExtend<TlsOptions>();
    expectTypeOf<Ensured>().toExtend<SecureServerOptions>();
    expectTypeOf<Ensured['key' | 'cert' | 'ca']>().toEqualTypeOf<string>();
    expectTypeOf<Ensured['notAfter']>().toEqualTypeOf<Date>();
    expectTypeOf<keyof Ensured['paths']>().toEqualTypeOf<'key' | 'cert' | 'ca'>();
    expectTypeOf<Trust['browsers']>().toEqualTypeOf<'trusted' | 'partly' | 'untrusted' | 'none'>();
  });

  test('ensure() takes a name or names, one of three wishes, and hooks', () => {
    expectTypeOf<{ names: string }>().toExtend<EnsureOptions>();
    expectTypeOf<{ names: readonly string[] }>().toExtend<EnsureOptions>();
    expectTypeOf<EnsureOptions['install']>().toEqualTypeOf<
      'never' | 'auto' | 'require' | undefined
    >();
    expectTypeOf<{ install: boolean }>().not.toExtend<EnsureOptions>();
    expectTypeOf<{ names: number }>().not.toExtend<EnsureOptions>();
    expectTypeOf(ensure).parameter(1).toEqualTypeOf<Listener | undefined>();
    expectTypeOf<{ confirmInstall: () => Promise<boolean> }>().toExtend<Listener>();
  });

  test('a name alone is taken wherever names are', () => {
    expectTypeOf(certificateFor).toBeCallableWith('localhost');
    expectTypeOf(certificateFor).toBeCallableWith(['localhost'] as const);
    type Lists = [
      InstallOptions['permit'],
      InstallOptions['sealed'],
      IssueOptions['add'],
      IssueOptions['remove'],
      IssueOptions['format'],
      MtlsOptions['client'],
      MtlsOptions['serverNames'],
    ][number];
    expectTypeOf<Lists>().toEqualTypeOf<string | readonly string[] | undefined>();
    expectTypeOf(trustThisProcess).returns.resolves.toBeVoid();
  });
});
