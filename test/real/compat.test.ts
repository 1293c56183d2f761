/** `devcert-local/compat` beside the packages that it stands in for: their types, and the programs of their README. */
import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readNames } from '../../src/x509/read.ts';
import { freshHome } from '../helpers/cli.ts';
import { installPacked } from '../helpers/packed.ts';
import { type Namespace, openNamespace } from '../helpers/namespace.ts';
import { freePort, npmPackages } from '../helpers/recipe-server.ts';
import { needs, needsCover } from '../helpers/require.ts';
import { run } from '../helpers/run.ts';

const ROOT = join(import.meta.dirname, '../..');
const OLD = { devcert: 'devcert@1.2.3', '@expo/devcert': '@expo/devcert@1.2.2' };
const names = Object.keys(OLD);

let project: string | undefined;
let namespace: Namespace | undefined;
beforeAll(async () => {
  const packages = await npmPackages(Object.values(OLD));
  const isReady = needs(packages !== undefined, 'packages from npm');
  if (!isReady || !needsCover()) return;
  const folder = mkdtempSync(join(packages ?? '', 'run-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  await installPacked(folder);
  // The stores and the hosts file of this machine stay as they are: these are copies that only the programs see.
  namespace = await openNamespace(
    ['/etc', '/usr/local/share/ca-certificates'],
    ["echo '127.0.0.1 localhost' > /etc/hosts"],
  );
  afterAll(namespace.end);
  project = folder;
});

/** The programs of a package's README, unchanged but for what they import. */
function programsOf(name: string): string[] {
  const readme = readFileSync(join(project ?? '', '../node_modules', name, 'README.md'), 'utf8');
  return [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, text = '']) =>
    text.replace(/require\((['"])devcert\1\)/, "require('devcert-local/compat')"),
  );
}

/** What it needs around itself, where the README leaves that out. */
const around = (text: string, after = '') => `
  const https = require('node:https');
  const devcert = require('devcert-local/compat');
  const app = (request, response) => response.end('hello');
  (async () => { ${text} ${after} })().catch((error) => { console.error(error); process.exit(1); });`;

/** Asks it by what the system trusts, tells the answer and what devcert has, and ends. */
const visiting = (url: string) => `
  require('node:child_process').execFile('curl', ['-sS', '--retry', '9', '--retry-connrefused', '--max-time', '20', '${url}'], (error, page) => {
    console.log(JSON.stringify([error?.message, page, devcert.configuredDomains(), devcert.hasCertificateFor('my-app.test')]));
    process.exit();
  });`;

function start(program: string, { answer }: { answer?: string } = {}) {
  const { env, state } = freshHome();
  const cwd = mkdtempSync(join(project ?? '', 'program-'));
  mkdirSync(join(cwd, 'certs'));
  writeFileSync(join(cwd, 'program.cjs'), program);
  const again = () => {
    const file = join(cwd, 'program.cjs');
    const node = `'${process.execPath}' '${file}'`;
    // The question is asked at a terminal only.
    const command =
      answer === undefined ? node : `(sleep 2; echo ${answer}) | script -qefc "${node}" /dev/null`;
    const enter = ['-t', String(namespace?.pid), '-m', 'sh', '-ec', `cd '${cwd}'; ${command}`];
    return run('nsenter', enter, {
      env: {
        ...{ NODE_EXTRA_CA_CERTS: undefined, SSL_CERT_FILE: undefined, NODE_ENV: undefined },
        ...{ CURL_CA_BUNDLE: undefined, SSL_CERT_DIR: undefined },
        ...env,
        ...{ DEVCERT_HOME: state, CI: answer === undefined ? '1' : '' },
      },
    });
  };
  const read = (file: string) => readFileSync(join(cwd, file), 'utf8');
  return { again, read, state };
}

test.for(names)('has the types of %s', async (name, context) => {
  if (project === undefined) return context.skip();
  const file = join(project, `types-${name.replace(/\W/g, '')}.mts`);
  writeFileSync(
    file,
    `import * as ours from 'devcert-local/compat';
     import type * as theirs from '${name}';
     export const module: typeof theirs = ours;
     export const options: ours.Options = {} as theirs.Options;
     export async function caller(devcert: typeof ours) {
       const both = await devcert.certificateFor('my-app.test', { getCaPath: true, getCaBuffer: true });
       const texts: [Buffer, Buffer, Buffer, string] = [both.key, both.cert, both.ca, both.caPath];
       const { key } = await devcert.certificateFor(['a.test', 'b.test'], { ui: { async confirmDomains() { return true; } } });
       // @ts-expect-error a domain is a string
       await devcert.certificateFor(7);
       // @ts-expect-error there is no such option
       await devcert.certificateFor('a.test', { getCa: true });
       return [texts, key, devcert.hasCertificateFor('a.test') satisfies boolean, devcert.configuredDomains() satisfies string[]];
     }`,
  );
  const options = [
    ...['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022'],
    ...['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')],
  ];
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const checked = await run(process.execPath, [tsc, ...options, file], { cwd: project });
  expect(checked).toEqual({ status: 0, output: '' });
});

test.for(names)('runs the first program of the README of %s, trusted', async (name, context) => {
  if (project === undefined) return context.skip();
  const text = programsOf(name).find((it) => it.includes('listen(3000)')) ?? '';
  expect(text).toContain('my-app.test');
  const port = String(await freePort());
  // By its name, which the hosts file leads here, and by what the system trusts.
  const visit = visiting(`https://my-app.test:${port}`);
  const { again } = start(around(text.replace('3000', port), visit));
  const { output, status } = await again();
  expect(status, output).toBe(0);
  expect(output).toContain('[null,"hello",["my-app.test"],true]');
});

test('runs the program of the guide, trusted', async (context) => {
  if (project === undefined) return context.skip();
  const guide = readFileSync(join(ROOT, 'src/guides/library.md'), 'utf8');
  const text = /```js\n(\/\/ old\.cjs.*?)```/s.exec(guide)?.[1] ?? '';
  const port = String(await freePort());
  const { again } = start(text.replace('8443', port) + visiting(`https://localhost:${port}`));
  expect((await again()).output).toContain('[null,"hello\\n",["localhost"],false]');
});

// That of the fork has none: it takes one domain.
test('runs the program with many domains of the README of devcert', async (context) => {
  if (project === undefined) return context.skip();
  const text = programsOf('devcert').find((it) => it.includes('writeFileSync')) ?? '';
  expect(text).toContain("require('devcert-local/compat')");
  const { again, read, state } = start(text, { answer: 'y' });
  const { output } = await again();
  expect(output).toContain('Permit that?');
  const [key, cert] = [read('certs/tls.key'), read('certs/tls.cert')];
  expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  const certified = readNames(new X509Certificate(cert).raw);
  expect(certified).toEqual(
    expect.arrayContaining(['localhost', 'local.api.example.com', 'local.auth.example.com']),
  );
  expect(read('certs/tls.cert')).not.toContain(readFileSync(join(state, 'root.pem'), 'utf8'));
  // A second call gives the same, and asks nothing.
  expect((await again()).output).not.toContain('Permit that?');
  expect([read('certs/tls.key'), read('certs/tls.cert')]).toEqual([key, cert]);
  const no = start(text, { answer: 'n' });
  expect((await no.again()).output).toContain('outside-constraints');
});

test('takes the calls of Gatsby and of Expo', async (context) => {
  if (project === undefined) return context.skip();
  const { again, state } = start(
    around(`
    const ui = { async getWindowsEncryptionPassword() { throw new Error('asked'); } };
    const of = { getCaPath: true, skipCertutilInstall: false, ui };
    const gatsby = await devcert.certificateFor('localhost', of);
    const expo = await devcert.certificateFor('localhost');
    const more = await devcert.certificateFor('localhost', { getCaBuffer: true, skipHostsFile: true });
    const before = devcert.configuredDomains();
    devcert.removeDomain('localhost');
    devcert.removeDomain('../../etc');
    const none = devcert.hasCertificateFor('localhost');
    await devcert.uninstall();
    console.log(JSON.stringify({
      caPath: gatsby.caPath, members: Object.keys(more), same: gatsby.key.equals(expo.key),
      buffers: [more.key, more.cert, more.ca].every(Buffer.isBuffer), before, none,
    }));`),
  );
  const { output, status } = await again();
  expect(status, output).toBe(0);
  expect(JSON.parse(output.split('\n').find((it) => it.startsWith('{')) ?? '')).toEqual({
    ...{ caPath: join(state, 'root.pem'), members: ['key', 'cert', 'ca'], same: true },
    ...{ buffers: true, before: ['localhost'], none: false },
  });
});
