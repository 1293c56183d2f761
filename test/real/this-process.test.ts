/** trustThisProcess() and ensure() of the packed package in other versions of Node.js, and in Bun. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fromNpm } from '../forgeries/programs.ts';
import { freshHome } from '../helpers/cli.ts';
import { installPacked } from '../helpers/packed.ts';
import { npmPackages } from '../helpers/recipe-server.ts';
import { needs } from '../helpers/require.ts';
import { run } from '../helpers/run.ts';

/** Each client asks a server of the pair and one of a stranger's, before and after. */
const PROGRAM = `
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import https from 'node:https';
import tls from 'node:tls';
import { ensure, trustThisProcess } from 'devcert-local';
const listen = async (pair) => {
  const options = { ...pair, allowHTTP1: true };
  const server = http2.createSecureServer(options, (_, response) => response.end('hello'));
  await new Promise((resolve) => server.listen(0, resolve));
  return server.address().port;
};
const once = (start) => new Promise((resolve, reject) => start(resolve).on('error', reject));
const at = (port) => ({ host: 'localhost', servername: 'localhost', port, agent: false });
const clients = {
  fetch: async (port) => (await fetch('https://localhost:' + port)).text(),
  https: (port) => once((done) => https.get(at(port), (it) => it.resume().on('end', done))),
  tls: (port) => once((done) => { const it = tls.connect(at(port), () => done(it.end())); return it; }),
  http2: (port) => once((done) => { const it = http2.connect('https://localhost:' + port, () => done(it.close())); return it; }),
};
const ask = (port) => Promise.all(Object.values(clients).map((client) =>
  client(port).then(() => 'ok', (error) => 'refused: ' + ((error.cause ?? error).code ?? error))));
const stranger = (file) => readFileSync('strange/' + file);
const ours = await listen(await ensure());
const strange = await listen({ key: stranger('key.pem'), cert: stranger('cert.pem') });
const before = await ask(ours);
const said = await trustThisProcess().then(() => 'done', (error) => error.code);
const [after, others] = [await ask(ours), await ask(strange)];
console.log(JSON.stringify({ before, said, after, others }));
process.exit();
`;

const refused = expect.stringMatching(/^refused: .*(UNABLE_TO|SELF_SIGNED)/) as string;
const none = [refused, refused, refused, refused];
const all = ['ok', 'ok', 'ok', 'ok'];

const project = mkdtempSync(join(tmpdir(), 'devcert-process-'));
let env: Record<string, string | undefined> = {};
beforeAll(async () => {
  await installPacked(project);
  writeFileSync(join(project, 'program.mjs'), PROGRAM);
  const [own, other] = [freshHomeIn('own'), freshHomeIn('other')];
  expect((await own.run(['localhost'], { cwd: project })).status).toBe(0);
  expect((await other.run(['localhost', '--out', 'strange'], { cwd: project })).status).toBe(0);
  env = {
    ...own.env,
    DEVCERT_HOME: own.state,
    NODE_EXTRA_CA_CERTS: undefined,
    SSL_CERT_FILE: undefined,
  };
});
afterAll(() => {
  rmSync(project, { recursive: true, force: true });
});

const freshHomeIn = (name: string) => freshHome(join(project, name));

async function ask(runtime: string): Promise<unknown> {
  const ran = await run(runtime, ['program.mjs'], { cwd: project, env });
  expect(ran.status, ran.output).toBe(0);
  return JSON.parse(ran.output) as unknown;
}

// Without tls.setDefaultCACertificates(), and with it.
test.for(['20.0.0', '22.18.0', '22.23.3', '24.4.1', '24.21.0'])(
  'all clients of Node.js %s trust the root after trustThisProcess()',
  async (version, context) => {
    const packages = await npmPackages([`node@${version}`]);
    const node = join(packages ?? '', 'node_modules/node/bin/node');
    if (!needs(existsSync(node), `Node.js ${version} from npm`)) return context.skip();
    expect(await ask(node)).toEqual({ before: none, said: 'done', after: all, others: none });
  },
);

test('in Bun it is refused, and nothing changes', async (context) => {
  const [bun] = await fromNpm('bun');
  if (!needs(bun !== undefined, 'Bun from npm')) return context.skip();
  expect(await ask(bun ?? '')).toEqual({
    before: none,
    said: 'refused',
    after: none,
    others: none,
  });
});
