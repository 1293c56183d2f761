/** A Quarkus application and a Kafka broker from Maven Central, each on the recipe's files and nothing else. */
import { randomBytes } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodePkcs12TrustStore } from '../../src/keystore/pkcs12.ts';
import { decodePem } from '../../src/keystore/pem.ts';
import { freshHome } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/host.ts';
import {
  cached,
  expectServed,
  freePort,
  makeParties,
  type Parties,
  PASSWORDS,
  printRecipe,
  startProgram,
} from '../helpers/recipe-server.ts';
import { needs } from '../helpers/require.ts';
import { findProgram, run } from '../helpers/run.ts';

/** They live for seconds: no time is to be spent on compiling them well. */
const QUICK = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto', '-Xmx320m'];

/** Maven in a project of which `cache` has all the packages, or is to get them. */
function maven(cache: string, project: string, args: readonly string[]) {
  const repository = `-Dmaven.repo.local=${join(cache, 'repository')}`;
  return run('mvn', ['-q', '-B', '-ntp', repository, ...args], {
    cwd: project,
    env: { LC_ALL: 'C.UTF-8', MAVEN_OPTS: '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' },
    timeoutMs: 240_000,
  });
}

const QUARKUS = join(import.meta.dirname, 'quarkus');

const KAFKA = join(import.meta.dirname, 'kafka');

// Both at once: what takes time is the network.
const hasMaven = findProgram('mvn') !== undefined;
const quarkusCache = hasMaven
  ? cached('quarkus-3.38.2', (folder) => {
      cpSync(QUARKUS, folder, { recursive: true });
      return maven(folder, folder, ['package']);
    })
  : undefined;
const kafkaCache = hasMaven
  ? cached('kafka-4.4.0', (folder) => {
      copyFileSync(join(KAFKA, 'pom.xml'), join(folder, 'pom.xml'));
      return maven(folder, folder, ['dependency:copy-dependencies', '-DoutputDirectory=lib']);
    })
  : undefined;

const LIMIT = { timeout: 300_000 };

test('recipe quarkus runs as printed, with and without --client-certs', LIMIT, async (context) => {
  if (!needs(hasMaven, 'maven')) return context.skip();
  const cache = await quarkusCache;
  if (cache === undefined) {
    needs(false, 'Maven Central');
    return context.skip();
  }
  const parties = await makeParties();
  const build = async (clientCerts: boolean) => {
    const port = await freePort();
    const [file] = await printRecipe(parties, 'quarkus', port, clientCerts);
    const project = temporaryFolder();
    cpSync(QUARKUS, project, { recursive: true });
    mkdirSync(join(project, 'src/main/resources'));
    writeFileSync(join(project, file?.title ?? ''), file?.text ?? '');
    // Whether it asks for certificates is fixed when it is built, as the recipe says.
    expect(await maven(cache, project, ['-o', 'package'])).toMatchObject({ status: 0 });
    return { clientCerts, port, project };
  };
  for (const { clientCerts, port, project } of await Promise.all([build(false), build(true)])) {
    const jar = join(project, 'target/quarkus-app/quarkus-run.jar');
    await startProgram(port, 'java', [...QUICK, '-jar', jar], { cwd: project });
    await expectServed(port, parties, clientCerts);
  }
});

/** What a node of its own has in config/server.properties beside the lines of the recipe. */
const KRAFT = (controller: number, data: string) => `
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=localhost:${String(controller)}
controller.listener.names=CONTROLLER
log.dirs=${data}
`;

/** The broker's folder, with a certificate and stores made by the recipe's own hints. */
async function brokerFolder({ home, folder }: Parties): Promise<string> {
  const p12 = ['--format', 'p12', '--password-env'];
  for (const args of [
    ['localhost', '--peer', '--out', 'broker', ...p12, 'KEYSTORE_PASSWORD'],
    ['export', '--trust', '--dir', 'broker', ...p12, 'TRUSTSTORE_PASSWORD'],
    ['export', '--dir', 'client', ...p12, 'KEYSTORE_PASSWORD'],
    ['export', '--dir', 'second', ...p12, 'KEYSTORE_PASSWORD'],
  ]) {
    const ran = await home.run(args, { cwd: folder, env: PASSWORDS });
    expect(ran.status, ran.stderr).toBe(0);
  }
  return 'broker';
}

test('recipe kafka runs as printed, with and without --client-certs', LIMIT, async (context) => {
  if (!needs(hasMaven, 'maven')) return context.skip();
  const cache = await kafkaCache;
  if (cache === undefined) {
    needs(false, 'Maven Central');
    return context.skip();
  }
  const java = [...QUICK, '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];
  const classes = ['-cp', join(cache, 'lib/*')];
  const parties = await makeParties();
  const broker = await brokerFolder(parties);
  for (const clientCerts of [false, true]) {
    const [port, controller, folder] = [await freePort(), await freePort(), temporaryFolder()];
    const [server, client] = await printRecipe(parties, 'kafka', port, clientCerts, broker);
    const file = join(folder, 'server.properties');
    writeFileSync(
      file,
      KRAFT(controller, join(folder, 'data')) +
        (server?.text ?? '').replace('9093', String(controller)),
    );
    const format = ['format', '--standalone', '--config', file];
    const id = randomBytes(16).toString('base64url').replace(/^-/, 'a');
    const formatted = await run(
      'java',
      [...java, ...classes, 'kafka.tools.StorageTool', ...format, '--cluster-id', id],
      { env: { LC_ALL: 'C.UTF-8', ...PASSWORDS } },
    );
    expect(formatted).toMatchObject({ status: 0 });
    await startProgram(port, 'java', [...java, ...classes, 'kafka.Kafka', file], { cwd: folder });

    const text = client?.text ?? '';
    const wrongRoot = join(folder, 'wrong.p12');
    writeFileSync(
      wrongRoot,
      encodePkcs12TrustStore(
        decodePem(parties.wrongCa).map(({ der }) => ({ certificate: der, alias: 'other' })),
        { password: PASSWORDS.TRUSTSTORE_PASSWORD },
      ),
    );
    const clients: Record<string, string> = {
      right: text,
      'wrong-root': text.replace(/^(ssl.truststore.location=).*/m, `$1${wrongRoot}`),
      ...(clientCerts
        ? {
            'no-certificate': text.replace(/^ssl\.keystore\..*\n?/gm, ''),
            'for-servers': text.replace('client/keystore.p12', 'second/keystore.p12'),
          }
        : {}),
    };
    for (const [name, text] of Object.entries(clients)) writeFileSync(join(folder, name), text);
    const asked = await run(
      'java',
      [
        ...java,
        ...classes,
        join(KAFKA, 'Client.java'),
        `localhost:${String(port)}`,
        ...Object.keys(clients).map((name) => join(folder, name)),
      ],
      // The path of the client's own store is relative, as the recipe has it.
      { cwd: parties.folder, env: { LC_ALL: 'C.UTF-8', ...PASSWORDS } },
    );
    const said = Object.fromEntries(
      asked.output.split('\n').flatMap((line) => {
        const [, name, what] = /^([a-z-]+) (read|failed: .*|.*)/.exec(line) ?? [];
        return name !== undefined && name in clients ? [[name, what]] : [];
      }),
    );
    expect(said, asked.output).toEqual({
      right: 'read',
      'wrong-root': expect.stringContaining('unable to find valid certification path') as string,
      ...(clientCerts
        ? {
            'no-certificate': expect.stringMatching(/^failed: .*SSL/) as string,
            'for-servers': expect.stringMatching(/^failed: .*SSL/) as string,
          }
        : {}),
    });
  }
});

test(
  "Kafka's PEM loader takes our key, and an encrypted one on Java 17 not",
  LIMIT,
  async (context) => {
    if (!needs(hasMaven, 'maven')) return context.skip();
    const cache = await kafkaCache;
    if (cache === undefined) {
      needs(false, 'Maven Central');
      return context.skip();
    }
    const home = freshHome();
    const { project } = home;
    const made = await home.run(['localhost', '--out', 'pem']);
    expect(made.status, made.stderr).toBe(0);
    const args = [
      'export',
      '--dir',
      'pem',
      '--format',
      'pem',
      '--encrypt',
      '--password-env',
      'WORD',
    ];
    const exported = await home.run(args, { env: { WORD: 'changeit' } });
    expect(exported.stderr).toContain('Kafka on Java 17 opens no such key: give it --format p12');
    const load = async (key: string, ...password: string[]) => {
      const both = join(project, `kafka-${key}`);
      const texts = [key, 'cert.pem'].map((name) =>
        readFileSync(join(project, 'pem', name), 'utf8'),
      );
      writeFileSync(both, texts.join(''), { mode: 0o600 });
      const classes = ['-cp', join(cache, 'lib/*')];
      const program = join(KAFKA, 'PemKey.java');
      return (await run('java', [...QUICK, ...classes, program, both, ...password])).output;
    };
    const version = Number(
      /version "(\d+)/.exec((await run('java', ['-version'])).output)?.[1] ?? NaN,
    );
    expect(await load('key.pem')).toContain('loaded');
    expect(await load('key-encrypted.pem', 'changeit')).toContain(
      version < 19 ? 'failed: java.security.NoSuchAlgorithmException: PBES2' : 'loaded',
    );
    expect(await load('key-encrypted.pem', 'changeiT')).toContain('failed: ');
  },
);
