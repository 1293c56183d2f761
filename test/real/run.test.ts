/**
 * `devcert run`, for real: with it every runtime here opens a server of ours, without it none does, and each
 * still trusts what it trusted before: by the system's bundle, or by variables that were set.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromNpm } from '../forgeries/programs.ts';
import { CLI, freshHome, type Home } from '../helpers/cli.ts';
import { forgeLeaf, makePlainRoot } from '../helpers/forge.ts';
import { openNamespace } from '../helpers/namespace.ts';
import { needsCover } from '../helpers/require.ts';
import { PAGE, startServer, type TestServer } from '../helpers/server.ts';

const ready = needsCover();

/** Programs that print the page, or fail; `URL` stands for its address. */
const node = (script: string): string[] => [process.execPath, '-e', script];
const clients: Record<string, readonly string[]> = {
  'Node https': node("require('https').get(process.env.URL, r => r.pipe(process.stdout))"),
  'Node fetch': node('fetch(process.env.URL).then(r => r.text()).then(console.log)'),
  curl: ['sh', '-c', 'curl -sS "$URL"'],
  // Of a page that is no repository git lists nothing; npm finds no JSON in it.
  git: ['sh', '-c', `git ls-remote "$URL" && echo "${PAGE}"`],
  npm: [
    'sh',
    '-c',
    `npm view x --fetch-retries=0 --registry "$URL" 2>&1 | grep -q JSON && echo "${PAGE}"`,
  ],
  'Python ssl': [
    '/usr/bin/python3',
    '-c',
    py('urllib.request', 'urllib.request.urlopen(u).read().decode()'),
  ],
  requests: ['/usr/bin/python3', '-c', py('requests', 'requests.get(u).text')],
  httpx: ['/usr/bin/python3', '-c', py('httpx', 'httpx.get(u).text')],
  Ruby: ['/usr/bin/ruby', '-rnet/http', '-e', 'puts Net::HTTP.get(URI(ENV["URL"]))'],
  PHP: ['php', '-r', 'echo file_get_contents(getenv("URL"));'],
};

function py(module: string, page: string): string {
  return `import os, ${module}; u = os.environ["URL"]; print(${page})`;
}

describe.runIf(ready)('devcert run', () => {
  let home: Home;
  let ours: TestServer;
  let standIn: TestServer;
  /** A process in a mount namespace whose system trusts the stand-in's root. */
  let namespace: { pid: number; end: () => void };
  let root: string;

  beforeAll(async () => {
    const base = mkdtempSync(join(tmpdir(), 'devcert-run-'));
    afterAll(() => {
      rmSync(base, { recursive: true, force: true });
    });
    home = freshHome(base);
    expect((await home.run(['localhost'])).status).toBe(0);
    const file = (name: string) => readFileSync(join(home.project, '.devcert', name));
    ours = await startServer({ cert: file('cert.pem'), key: file('key.pem') });
    const publicCa = await makePlainRoot();
    const { certPem, keyPem } = await forgeLeaf(publicCa, {
      names: [{ type: 'dns', value: 'localhost' }],
    });
    standIn = await startServer({ cert: certPem, key: keyPem });
    root = join(home.home, 'stand-in.crt');
    writeFileSync(root, publicCa.issuer.toString());
    await addPrograms(home.home);
    namespace = await openNamespace(
      ['/etc/ssl', '/usr/local/share/ca-certificates'],
      [
        `cp ${root} /usr/local/share/ca-certificates/stand-in.crt`,
        'update-ca-certificates >/dev/null 2>&1',
      ],
    );
  });

  afterAll(async () => {
    namespace.end();
    await ours.close();
    await standIn.close();
  });

  /** True if the client opens the page, behind `devcert run` or alone. */
  async function opens(
    name: string,
    server: TestServer,
    { through, env = {} }: { through: boolean; env?: Record<string, string> },
  ): Promise<boolean> {
    const java = name === 'Java' ? ['--java'] : [];
    const command = [
      ...(through ? [process.execPath, CLI, 'run', ...java, '--'] : []),
      ...(clients[name] ?? []),
    ];
    const args = ['-m', '-t', String(namespace.pid), '--', ...command];
    const url = `https://localhost:${server.port}/`;
    const all = {
      ...home.env,
      DENO_DIR: join(home.home, 'deno'),
      GOFLAGS: '-mod=mod',
      ...env,
      URL: url,
    };
    return new Promise((resolve) => {
      execFile('nsenter', args, { env: all, cwd: home.project, timeout: 60_000 }, (_, stdout) => {
        resolve(stdout.includes(PAGE));
      });
    });
  }

  test('every client that CI is to have is here', () => {
    expect(Object.keys(clients).length).toBe(14);
  });

  test.for([
    'Node https',
    'Node fetch',
    'curl',
    'git',
    'npm',
    'Python ssl',
    'requests',
    'httpx',
    'Ruby',
    'PHP',
    'Java',
    'Go',
    'Bun',
    'Deno',
  ])('%s trusts the root with it and not without, and what it trusted before', async (name) => {
    expect(clients[name]).toBeDefined();
    const set = Object.fromEntries(
      [
        ...['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'GIT_SSL_CAINFO'],
        ...['NODE_EXTRA_CA_CERTS', 'DENO_CERT', 'npm_config_cafile'],
      ].map((variable) => [variable, root]),
    );
    const missing = { SSL_CERT_FILE: '/nowhere/roots.pem' };
    expect(await opens(name, ours, { through: false })).toBe(false);
    for (const env of [{}, set, missing]) {
      const before = await opens(name, standIn, { through: false, env });
      expect({ env, ours: await opens(name, ours, { through: true, env }) }).toEqual({
        env,
        ours: true,
      });
      if (before)
        expect({ env, standIn: await opens(name, standIn, { through: true, env }) }).toEqual({
          env,
          standIn: true,
        });
      // By a variable each of them is told of it; Java by the system's store.
      if (env === set && name !== 'Java') expect(before).toBe(true);
    }
  });
});

/** Java, Go, Bun and Deno, which need a file or come from npm. */
async function addPrograms(folder: string): Promise<void> {
  const java = join(folder, 'Visit.java');
  writeFileSync(
    java,
    'class Visit { public static void main(String[] a) throws Exception { System.out.println(new String(new java.net.URL(System.getenv("URL")).openStream().readAllBytes())); } }',
  );
  clients.Java = ['java', java];
  mkdirSync(join(folder, 'go'));
  writeFileSync(
    join(folder, 'go/main.go'),
    'package main\nimport ("fmt"; "io"; "net/http"; "os")\nfunc main() {\n r, e := http.Get(os.Getenv("URL"))\n if e != nil { panic(e) }\n b, _ := io.ReadAll(r.Body)\n fmt.Println(string(b))\n}\n',
  );
  execFileSync('go', ['build', '-o', join(folder, 'visit-go'), join(folder, 'go/main.go')], {
    env: { ...process.env, GOFLAGS: '', GO111MODULE: 'off' },
    timeout: 180_000,
  });
  clients.Go = [join(folder, 'visit-go')];
  const fetching = join(folder, 'visit.mjs');
  writeFileSync(fetching, 'console.log(await (await fetch(process.env.URL)).text())');
  const [[bun], [deno]] = [await fromNpm('bun'), await fromNpm('deno')];
  if (bun !== undefined) clients.Bun = [bun, fetching];
  if (deno !== undefined) clients.Deno = [deno, 'run', '--allow-all', '--no-config', fetching];
}
