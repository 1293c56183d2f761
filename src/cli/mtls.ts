/** `devcert mtls …` */
import { EXIT } from '../errors.ts';
import {
  mtls,
  mtlsCheck,
  type MtlsCheckOptions,
  type MtlsOptions,
  mtlsRotate,
  type MtlsRotateOptions,
} from '../index.ts';
import { asking } from './password/asking.ts';
import {
  agentOptions,
  caOption,
  type Declaration,
  type Options,
  starttlsOption,
} from './declaration.ts';
import { cancelOnInterrupt } from './interrupt.ts';
import { mtlsCheckLines, mtlsLines, mtlsRotateLines } from './mtls-lines.ts';
import { givenPassword } from './password/password.ts';
import {
  type CaPasswordFlags,
  caPasswordOptions,
  type PasswordFlags,
  passwordOptions,
} from './password/options.ts';

type Flags<T> = Omit<T, 'password'> & PasswordFlags & CaPasswordFlags;

const dirOption: Options = { '--dir <folder>': "the set's folder; the current one if left out" };

const check: Declaration = {
  summary: 'does a server let the right client in, and no wrong one?',
  description:
    'Connects with the right certificate, none, one of another CA, one for servers only and an expired one, by TLS 1.3 and 1.2. Exit code 1 if anything is not as it should.',
  positionals: { '<address>': 'HOST:PORT' },
  options: {
    ...dirOption,
    '--as <client>': 'which client; the first one if left out',
    '--no-http': 'the server does not speak HTTP: send nothing, and wait',
    ...caPasswordOptions,
    ...starttlsOption,
  },
  examples: ['devcert mtls check localhost:8443 --dir api'],
  async run([address = ''], options: MtlsCheckOptions & CaPasswordFlags, terminal) {
    const listener = await asking(options, terminal, { prompt: false });
    const result = await mtlsCheck(address, options, listener);
    const exitCode = result.ok ? EXIT.done : EXIT.failed;
    return terminal.show(mtlsCheckLines(result, terminal.style), result, exitCode);
  },
};

const rotate: Declaration = {
  summary: 'another CA for one side, without an outage, in three steps',
  description:
    'First all trust old and new; with --issue certificates come from the new CA; with --finish the old one goes. Reload the parties between the steps.',
  options: {
    ...dirOption,
    '--client-ca': "begin with the clients' CA",
    '--server-ca': "begin with the server's CA",
    '--issue': 'the second step: issue from the new one',
    '--finish': 'the last step: drop the old one',
    ...passwordOptions,
    ...caPasswordOptions,
    ...agentOptions,
  },
  async run(_positionals, options: Flags<MtlsRotateOptions>, terminal) {
    cancelOnInterrupt(terminal);
    const password = givenPassword(options, {}, terminal);
    const listener = await asking(options, terminal);
    const result = await mtlsRotate({ ...options, password }, listener);
    const isPartial = result.written.some(({ reason }) => reason !== undefined);
    return terminal.show(mtlsRotateLines(result), result, isPartial ? EXIT.failed : EXIT.done);
  },
};

export const mtlsCommand: Declaration = {
  summary: 'mutual TLS: a folder for the server and each client',
  description:
    'Writes NAME/server and NAME/clients/CLIENT, each with what that machine needs: cert.pem, key.pem, and trust.pem, whom it trusts. Run it again to add clients or renew.',
  positionals: { '<name>': 'of the set, and its folder' },
  options: {
    '--client <client>': {
      repeatable: 'NAME, or NAME=SAN,SAN (repeatable); those there already stay',
    },
    '--server-names <names>': {
      repeatable: 'of the server, comma-separated; localhost and NAME.localhost if left out',
    },
    ...caOption,
    '--server-ca <name>': "the server's CA, which clients trust",
    '--client-ca <name>': "the clients' CA, which the server trusts",
    '--plain-cn': "a client's common name is its name alone, as PostgreSQL wants it",
    '--out <folder>': 'write the set there instead of NAME',
    ...Object.fromEntries(
      Object.entries(passwordOptions).map(([flags, it]) => [flags, `with PKCS#12 stores: ${it}`]),
    ),
    ...caPasswordOptions,
    '--force': 'replace files that devcert did not write',
  },
  examples: [
    'devcert mtls api --client web --client cron',
    'devcert ca create people --clients-only',
    'devcert mtls api --server-ca default --client-ca people --client ada',
  ],
  commands: { check, rotate },
  async run([name = ''], options: Flags<MtlsOptions>, terminal) {
    const password = givenPassword(options, {}, terminal);
    const listener = await asking(options, terminal);
    const result = await mtls(name, { ...options, password }, listener);
    return terminal.show(mtlsLines(result, terminal.style), result);
  },
};
