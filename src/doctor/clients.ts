/** Programs that open a page of ours, each with what it trusts by itself. */
import { join } from 'node:path';

export interface Client {
  /** The program, as found on PATH. */
  readonly program: string;
  /** For people. */
  readonly name: string;
  /**
   * Whose roots it trusts: the system's; Java's; or a list of its own, which an installation does not reach by
   * design, so that there is nothing wrong with this machine.
   */
  readonly trusts: 'system' | 'java' | 'own';
  /** Those of its variables that change what it trusts. */
  readonly variables: readonly string[];
  readonly args: (url: string) => readonly string[];
  /** Of it alone. @param scratch a folder that goes when it has ended */
  readonly env?: (url: string, scratch: string) => Readonly<Record<string, string>>;
}

export const clients: readonly Client[] = [
  {
    program: 'node',
    name: 'Node',
    trusts: 'own',
    variables: ['NODE_EXTRA_CA_CERTS'],
    args: (url) => [
      '-e',
      `require('https').get('${url}', (it) => it.resume()).on('error', (error) => { throw error; })`,
    ],
  },
  {
    program: 'curl',
    name: 'curl',
    trusts: 'system',
    variables: ['CURL_CA_BUNDLE', 'SSL_CERT_FILE'],
    args: (url) => ['-sS', url],
  },
  {
    program: 'wget',
    name: 'wget',
    trusts: 'system',
    variables: ['SSL_CERT_FILE'],
    args: (url) => ['-nv', '-O', '-', '--tries=1', url],
  },
  {
    program: 'git',
    name: 'git',
    trusts: 'system',
    variables: ['GIT_SSL_CAINFO', 'SSL_CERT_FILE'],
    // What it gets is no repository: that it asked is enough.
    args: (url) => ['-c', 'credential.helper=', 'ls-remote', url],
    env: () => ({ GIT_TERMINAL_PROMPT: '0' }),
  },
  {
    program: 'python3',
    name: 'Python',
    trusts: 'system',
    variables: ['SSL_CERT_FILE'],
    args: (url) => ['-c', `import urllib.request; urllib.request.urlopen('${url}').read()`],
  },
  {
    program: 'ruby',
    name: 'Ruby',
    trusts: 'system',
    variables: ['SSL_CERT_FILE'],
    args: (url) => ['-rnet/http', '-e', `Net::HTTP.get(URI('${url}'))`],
  },
  {
    program: 'php',
    name: 'PHP',
    trusts: 'system',
    variables: ['SSL_CERT_FILE'],
    args: (url) => ['-r', `file_get_contents('${url}') !== false || exit(1);`],
  },
  {
    program: 'deno',
    name: 'Deno',
    trusts: 'own',
    variables: ['DENO_CERT', 'NODE_EXTRA_CA_CERTS'],
    args: (url) => ['eval', `await (await fetch('${url}')).text()`],
  },
  {
    program: 'bun',
    name: 'Bun',
    trusts: 'own',
    variables: ['NODE_EXTRA_CA_CERTS'],
    args: (url) => ['-e', `await (await fetch('${url}')).text()`],
  },
  {
    program: 'go',
    name: 'Go',
    trusts: 'system',
    variables: ['SSL_CERT_FILE'],
    // Compiling takes seconds. The tool itself is a client: it asks a proxy for a module, and is given a page.
    args: () => ['mod', 'download', 'devcert.test/doctor@v0.0.0'],
    env: (url, scratch) => ({
      ...{ GOPROXY: url, GOSUMDB: 'off', GOTOOLCHAIN: 'local', GOENV: 'off', GOFLAGS: '' },
      ...{ GOPRIVATE: '', GONOPROXY: '', GOWORK: 'off', GO111MODULE: 'on' },
      ...{ GOPATH: join(scratch, 'go'), GOMODCACHE: join(scratch, 'mod') },
      // Its counters of use.
      ...{ GOCACHE: join(scratch, 'cache'), XDG_CONFIG_HOME: scratch },
    }),
  },
  {
    // The one program of a JDK that opens an address and has not to be compiled first.
    program: 'keytool',
    name: 'Java',
    trusts: 'java',
    variables: [],
    args: (url) => ['-J-XX:TieredStopAtLevel=1', '-printcrl', '-file', url],
  },
];
