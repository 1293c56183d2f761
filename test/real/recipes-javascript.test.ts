/** Node.js, Express, Fastify, Vite, webpack and gRPC, each on the recipe's file and nothing else. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  expectServed,
  freePort,
  makeParties,
  npmPackages,
  printRecipe,
  startProgram,
  withCertificate,
} from '../helpers/recipe-server.ts';
import { bundlerFiles, JAVASCRIPT_PACKAGES, writeFiles } from '../helpers/framework-apps.ts';
import { expectLinks } from '../helpers/recipe-browser.ts';
import { needs } from '../helpers/require.ts';
import { run } from '../helpers/run.ts';

/** A folder in which the packages are found. */
function projectIn(packages: string): string {
  const folder = mkdtempSync(join(packages, 'run-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Bundlers are programs that read the file; the others are the file. */
const bundlers: Record<
  string,
  { program: string; serve: string[]; build: string[]; hot: 'hot' | 'webpackHot' }
> = {
  vite: { program: 'vite/bin/vite.js', serve: [], build: ['build'], hot: 'hot' },
  webpack: {
    program: 'webpack-cli/bin/cli.js',
    serve: ['serve'],
    build: ['build'],
    hot: 'webpackHot',
  },
};

for (const name of ['node', 'express', 'fastify', 'vite', 'webpack'])
  for (const clientCerts of [false, true])
    test(`recipe ${name}${clientCerts ? ' --client-certs' : ''} runs as printed`, async (context) => {
      const packages = await npmPackages(JAVASCRIPT_PACKAGES);
      if (!needs(packages !== undefined, 'packages from npm')) return context.skip();
      const parties = await makeParties();
      const folder = projectIn(packages ?? '');
      const port = await freePort();
      const here = withCertificate(parties, folder);
      const [block] = await printRecipe(here, name, port, clientCerts, here.dir);
      const file = join(folder, block?.title ?? '');
      writeFileSync(file, block?.text ?? '');
      const bundler = bundlers[name];
      const command =
        bundler === undefined
          ? [file]
          : [join(packages ?? '', 'node_modules', bundler.program), ...bundler.serve];
      if (bundler !== undefined) writeFiles(folder, bundlerFiles(bundler.hot));
      const server = await startProgram(port, process.execPath, command, { cwd: folder });
      await expectServed(port, parties, clientCerts);
      if (clientCerts && bundler === undefined)
        // What Node tells a refused client is close to nothing: the recipe has the server say it.
        expect(server.output()).toMatch(/refused: .*peer did not return a certificate/);
      if (clientCerts) return;
      const client = join(folder, 'client.mjs');
      writeFileSync(
        client,
        `console.log(await (await fetch('https://localhost:${String(port)}/')).text())`,
      );
      const trusting = { NODE_EXTRA_CA_CERTS: join(parties.folder, '.devcert/ca.pem') };
      expect(await run(process.execPath, [client], { env: trusting })).toEqual({
        status: 0,
        output: expect.stringContaining('hello') as string,
      });
      expect((await run(process.execPath, [client])).status).toBe(1);
      if (bundler === undefined) return;
      expect(block?.text).not.toContain(folder);
      await expectLinks({ ca: parties.ca, port, output: server.output });
    });

for (const [name, { program, serve, build }] of Object.entries(bundlers))
  test(`recipe ${name} loads where there is no certificate`, async (context) => {
    const packages = await npmPackages(JAVASCRIPT_PACKAGES);
    if (!needs(packages !== undefined, 'packages from npm')) return context.skip();
    const parties = await makeParties();
    const folder = projectIn(packages ?? '');
    writeFiles(folder, { ...bundlerFiles('hot'), 'src/index.js': '' });
    const port = await freePort();
    const here = withCertificate(parties, folder);
    for (const clientCerts of [true, false]) {
      const [block] = await printRecipe(here, name, port, clientCerts, here.dir);
      writeFileSync(join(folder, block?.title ?? ''), block?.text ?? '');
      rmSync(join(folder, here.dir), { recursive: true, force: true });
      const bundle = (args: readonly string[]) => [
        join(packages ?? '', 'node_modules', program),
        ...args,
      ];
      expect(await run(process.execPath, bundle(build), { cwd: folder })).toMatchObject({
        status: 0,
      });
      if (clientCerts) {
        // It would have let everybody in.
        const { status, output } = await run(process.execPath, bundle(serve), { cwd: folder });
        expect(status).not.toBe(0);
        expect(output).toContain('ENOENT');
        withCertificate(parties, folder);
      } else {
        await startProgram(port, process.execPath, bundle(serve), { cwd: folder });
        expect((await fetch(`http://localhost:${String(port)}/`)).status).toBe(200);
      }
    }
  });

/** A service without a schema: what it is asked, it says. */
const SERVICE = `{
  hello: {
    path: '/test.Test/Hello', requestStream: false, responseStream: false,
    ...Object.fromEntries(['requestSerialize', 'requestDeserialize', 'responseSerialize', 'responseDeserialize']
      .map((name) => [name, (bytes) => bytes])),
  },
}`;

for (const clientCerts of [false, true])
  test(`recipe grpc${clientCerts ? ' --client-certs' : ''} runs as printed`, async (context) => {
    const packages = await npmPackages(JAVASCRIPT_PACKAGES);
    if (!needs(packages !== undefined, 'packages from npm')) return context.skip();
    const parties = await makeParties();
    const folder = projectIn(packages ?? '');
    const port = await freePort();
    const [server, client] = await printRecipe(parties, 'grpc', port, clientCerts);
    const answer = '{ hello: (call, give) => give(null, call.request) }';
    const text = server?.text.replace(
      /^\/\/ Add .*$/m,
      `server.addService(${SERVICE}, ${answer});`,
    );
    writeFileSync(join(folder, 'server.mjs'), text ?? '');
    await startProgram(port, process.execPath, [join(folder, 'server.mjs')], { cwd: folder });

    /** What the recipe's client gets to read, or why it does not. */
    const ask = async (change: (text: string) => string = (text) => text) => {
      const [imports, ...call] = (client?.text ?? '').split('\n');
      const file = join(folder, 'client.mjs');
      writeFileSync(
        file,
        `import { makeGenericClientConstructor } from '@grpc/grpc-js';
        import { readFileSync } from 'node:fs';
        ${imports ?? ''}
        const YourClient = makeGenericClientConstructor(${SERVICE}, 'Test');
        const client = ${change(call.join('\n'))}
        client.hello(Buffer.from('hello'), { deadline: Date.now() + 10_000 }, (error, said) => {
          console.log(error ? 'refused: ' + error.details : said.toString());
          process.exit();
        });`,
      );
      return (await run(process.execPath, [file], { cwd: parties.folder })).output;
    };
    expect(await ask()).toBe('hello\n');
    expect(await ask((text) => text.replace('.devcert/ca.pem', 'wrong/ca.pem'))).toMatch(
      /^refused: .*(unable to|self.signed)/s,
    );
    if (!clientCerts) return;
    for (const other of ['wrong', 'second'])
      expect(await ask((text) => text.replaceAll("'client/", `'${other}/`))).toMatch(/^refused: /);
    expect(await ask((text) => text.replace(/, readFileSync\('client.*(?=\)\);)/, ''))).toMatch(
      /^refused: /,
    );
    expect(await ask()).toBe('hello\n');
  });
