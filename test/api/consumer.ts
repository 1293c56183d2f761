/**
 * What a program in TypeScript may write, and what it may not. Checked here against the sources, and by
 * test/real/package.test.ts against the packed types with each TypeScript from 5.0 on.
 */
import { createServer, type Server } from 'node:https';
import {
  certificateFor,
  DevcertError,
  environment,
  type ErrorCode,
  inspect,
  install,
  type InstallOptions,
  issue,
  type IssueResult,
  list,
  type Listener,
  mtls,
  recipes,
  type ServerCertificate,
  status,
  type StoreReport,
  uninstall,
  verify,
} from '../../src/index.ts';

/** One name or several, from a list that may not be changed, too. */
export async function serve(names: readonly string[]): Promise<Server> {
  await certificateFor();
  await certificateFor('localhost');
  await certificateFor(['localhost', 'api.test'] as const, { days: 30 });
  const { cert, key, ca, notAfter } = await certificateFor(names);
  const texts: [string, string, string] = [cert, key, ca];
  const until: Date = notAfter;
  // @ts-expect-error names are texts
  void certificateFor([1]);
  // @ts-expect-error there is no such option
  void certificateFor('localhost', { dyas: 30 });
  // @ts-expect-error it is a promise
  const early: ServerCertificate = certificateFor('localhost');
  return createServer({ ...early, cert: texts[0], key: texts[1] }).on('close', () =>
    until.getTime(),
  );
}

export async function files(): Promise<string> {
  const listener: Listener = {
    announce: (commandLine) => {
      commandLine.toUpperCase();
    },
    password: (what, kind) => Promise.resolve(`${what} ${kind}`),
  };
  const issued: IssueResult = await issue(['api.test'], { out: 'certificates' }, listener);
  // @ts-expect-error results are not changed
  issued.names = [];
  const [first] = await recipes();
  const { variables } = await environment({ java: true });
  await mtls('api', { client: ['web'] });
  await inspect(['cert.pem']);
  const { certificates } = await list();
  return [first?.name, certificates.length, ...Object.values(variables)].join();
}

export async function stores(options: InstallOptions): Promise<readonly StoreReport[]> {
  // @ts-expect-error it is of this machine, not of one certificate
  const installed: IssueResult = await install(options);
  await uninstall({ purge: false }, { confirm: () => Promise.resolve(true) });
  const { stores } = await status();
  return installed.names.length > 0 ? [] : stores;
}

export async function verified(): Promise<ErrorCode | undefined> {
  try {
    await verify('localhost:443', { name: 'api.test' });
    return undefined;
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    const code: 'no-authority' | ErrorCode = error.code;
    return error.exitCode === 3 ? 'no-authority' : code;
  }
}
