/** The engines that judge the forgeries: how each is found, what its version is, whom it lets pass. */
import { existsSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { trustIn, visitInChromium, visitInFirefox } from './browsers.ts';
import { below, fromNpm, listed, onPath, oneByOne } from './programs.ts';
import type { NamesServer } from './server.ts';

export interface Surroundings {
  readonly server: NamesServer;
  /** A folder of the test's own. */
  readonly folder: string;
  /** PEM file of the root. */
  readonly ca: string;
}

export interface Engine {
  /** As in `answers.json` and in the guide. */
  readonly name: string;
  /** True if CI has to have it: there a missing one fails. */
  readonly inCi: boolean;
  /** Every copy of it on this machine that is to be asked; empty if there is none. */
  readonly find: () => Promise<readonly string[]> | readonly string[];
  /** The arguments that print the version, which is the first number with a dot in what they print. */
  readonly version: readonly string[];
  /** The hosts whose certificate it takes. */
  readonly visit: (
    program: string,
    hosts: readonly string[],
    surroundings: Surroundings,
  ) => Promise<readonly string[]>;
}

const client = (name: string) => join(import.meta.dirname, 'clients', name);

const url = (host: string, { server }: Surroundings) => `https://${host}:${server.port}/`;
const local = ({ server }: Surroundings) => [`127.0.0.1`, String(server.port)] as const;
/** The user's own home; HOME is a guarded one in tests. */
const home = userInfo().homedir;

export const ENGINES: readonly Engine[] = [
  {
    name: 'OpenSSL',
    inCi: true,
    find: onPath('openssl'),
    version: ['version'],
    visit: (program, hosts, around) =>
      oneByOne(program, hosts, (host) => [
        ...['s_client', '-connect', local(around).join(':'), '-servername', host],
        ...['-CAfile', around.ca, '-verify_return_error', '-x509_strict', '-verify_hostname', host],
      ]),
  },
  {
    name: 'curl',
    inCi: true,
    find: onPath('curl'),
    version: ['--version'],
    visit: (program, hosts, around) =>
      oneByOne(program, hosts, (host) => [
        ...[
          '-sS',
          '-m',
          '20',
          '--cacert',
          around.ca,
          '--connect-to',
          `::${local(around).join(':')}`,
        ],
        url(host, around),
      ]),
  },
  {
    name: 'Python',
    inCi: true,
    find: () => [...onPath('python3')(), ...below(join(home, '.pyenv/versions'), 'bin/python3')],
    version: ['--version'],
    visit: (program, hosts, around) =>
      listed(program, [client('visit.py'), around.ca, local(around)[1], ...hosts]),
  },
  {
    name: 'Node',
    inCi: true,
    find: () => [process.execPath, ...below(join(home, '.nvm/versions/node'), 'bin/node')],
    version: ['--version'],
    visit: (program, hosts, around) =>
      listed(program, [client('visit-node.mjs'), around.ca, local(around)[1], ...hosts]),
  },
  {
    name: 'Bun',
    inCi: true,
    find: () => fromNpm('bun'),
    version: ['--version'],
    visit: (program, hosts, around) =>
      listed(program, [
        ...[client('visit-bun.mjs'), around.ca, local(around)[1]],
        ...[String(around.server.proxyPort), ...hosts],
      ]),
  },
  {
    name: 'Deno',
    inCi: true,
    find: () => fromNpm('deno'),
    version: ['--version'],
    visit: (program, hosts, around) =>
      listed(
        program,
        [
          ...['run', '--allow-all', '--no-config', client('visit-deno.mjs')],
          ...[around.ca, local(around)[1], ...hosts],
        ],
        { env: { DENO_DIR: join(around.folder, 'deno'), DENO_NO_UPDATE_CHECK: '1' } },
      ),
  },
  {
    name: 'Java',
    inCi: true,
    find: () => [...new Set([...onPath('java')(), ...below('/usr/lib/jvm', 'bin/java')])],
    version: ['-version'],
    visit: async (program, hosts, around) => {
      const source = join(import.meta.dirname, '../helpers/TlsClient.java');
      const targets = hosts.map((host) => `${host}:${local(around)[1]}`);
      const lines = await listed(program, [source, around.ca, ...targets]);
      return lines.flatMap((line) => /^(.*):\d+ ok$/.exec(line)?.[1] ?? []);
    },
  },
  {
    name: 'GnuTLS',
    inCi: true,
    find: onPath('gnutls-cli'),
    version: ['--version'],
    visit: (program, hosts, around) =>
      oneByOne(program, hosts, (host) => [
        ...['--x509cafile', around.ca, '--sni-hostname', host, '--verify-hostname', host],
        ...['--port', local(around)[1], '127.0.0.1'],
      ]),
  },
  {
    name: 'wget',
    inCi: true,
    find: onPath('wget'),
    version: ['--version'],
    visit: (program, hosts, around) =>
      oneByOne(
        program,
        hosts,
        (host) => [
          ...['-q', '-O', '/dev/null', '-t', '1', '-T', '20', '--no-config', '--no-hsts'],
          ...[`--ca-certificate=${around.ca}`, '--ca-directory=/nonexistent', url(host, around)],
        ],
        { env: { https_proxy: `http://127.0.0.1:${around.server.proxyPort}` } },
      ),
  },
  {
    name: 'NSS',
    inCi: true,
    find: onPath('tstclnt'),
    version: [],
    visit: async (program, hosts, around) => {
      const database = join(around.folder, 'nss');
      await trustIn(database, around.ca);
      const [address, port] = local(around);
      const args = ['-h', address, '-p', port, '-d', `sql:${database}`, '-Q'];
      return oneByOne(program, hosts, (host) => [...args, '-a', host]);
    },
  },
  {
    name: 'Go',
    inCi: true,
    find: () => [
      ...new Set([...onPath('go')(), ...['/usr/local/go/bin/go'].filter((it) => existsSync(it))]),
    ],
    version: ['version'],
    visit: async (program, hosts, around) => {
      const built = join(around.folder, `visit-go-${Math.random()}`);
      // The compiled standard library is kept between runs, and shared by versions.
      const GOCACHE = join(tmpdir(), 'devcert-test-cache-go');
      const env = {
        GOCACHE,
        GOFLAGS: '',
        GO111MODULE: 'off',
        GOTOOLCHAIN: 'local',
        CGO_ENABLED: '0',
      };
      await listed(program, ['build', '-o', built, client('visit.go')], { env });
      return listed(built, [around.ca, local(around)[1], ...hosts]);
    },
  },
  {
    name: 'Chromium',
    inCi: true,
    find: onPath('chromium'),
    version: ['--version'],
    visit: visitInChromium,
  },
  {
    name: 'Firefox',
    inCi: true,
    find: onPath('firefox-esr'),
    version: ['--version'],
    visit: visitInFirefox,
  },
  {
    name: 'PHP',
    inCi: true,
    find: onPath('php'),
    version: ['--version'],
    visit: (program, hosts, around) =>
      listed(program, [client('visit.php'), around.ca, local(around)[1], ...hosts]),
  },
  {
    name: 'Ruby',
    inCi: false,
    find: onPath('ruby'),
    version: ['--version'],
    visit: (program, hosts, around) =>
      listed(program, [client('visit.rb'), around.ca, local(around)[1], ...hosts]),
  },
  {
    name: 'socat',
    inCi: false,
    find: onPath('socat'),
    version: ['-V'],
    visit: (program, hosts, around) =>
      oneByOne(program, hosts, (host) => [
        ...['-u', '/dev/null'],
        `OPENSSL:${local(around).join(':')},cafile=${around.ca},commonname=${host},snihost=${host}`,
      ]),
  },
];
