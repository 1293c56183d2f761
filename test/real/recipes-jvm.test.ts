/** Spring Boot, Tomcat and a server of the JDK alone, each on the recipe's files and nothing else. */
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
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
import { needs, needsTools } from '../helpers/require.ts';
import { run } from '../helpers/run.ts';

const APP = join(import.meta.dirname, 'spring-boot');
const TOMCAT = '/usr/share/tomcat10';
/** They live for seconds: no time is to be spent on compiling them well. */
const QUICK = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto', '-Xmx160m'];

/** The application's jar, built once; undefined without network. */
function springBootJar(): Promise<string | undefined> {
  return cached('spring-boot-3.5.16', (folder) => {
    cpSync(APP, folder, { recursive: true });
    return run(
      'mvn',
      ['-q', '-B', '-ntp', `-Dmaven.repo.local=${join(folder, 'repository')}`, 'package'],
      { cwd: folder, timeoutMs: 240_000 },
    );
  });
}

interface Variant {
  readonly name: string;
  readonly clientCerts: boolean;
  readonly yaml?: boolean;
}

async function springBoot(jar: string, parties: Parties, variant: Variant) {
  const { name, clientCerts, yaml = false } = variant;
  const port = await freePort();
  const blocks = await printRecipe(parties, name, port, clientCerts);
  const [properties, yml, client, code] = blocks;
  const source = readFileSync(join(APP, 'src/main/java/app/App.java'), 'utf8');
  expect(source.replace(/^ +/gm, '')).toContain((code?.text ?? '?').replace(/^ +/gm, ''));
  const folder = temporaryFolder();
  const file = join(folder, yaml ? 'application.yml' : 'application.properties');
  const server = yaml ? yml : properties;
  expect(server?.title).toContain(basename(file));
  // The block of a client is for a file of properties.
  const bundle = (client?.text ?? '').replace(/=(.*)/, (_, value: string) =>
    yaml ? `: "${value}"` : `=${value}`,
  );
  writeFileSync(file, `${server?.text ?? ''}\n${bundle}\n`);
  const { output } = await startProgram(
    port,
    'java',
    [
      ...QUICK,
      '-jar',
      jar,
      `--spring.config.location=file:${file}`,
      ...(clientCerts ? [] : [`--fetch=https://localhost:${String(port)}/`]),
    ],
    { cwd: folder },
  );
  await expectServed(port, parties, clientCerts);
  if (!clientCerts) await expect.poll(output).toContain('fetched hello');
  expect(output()).not.toContain(PASSWORDS.KEYSTORE_PASSWORD);
}

test('recipes spring-boot and spring-boot-p12 run as printed, with and without --client-certs', async (context) => {
  if (!needsTools('mvn')) return context.skip();
  const built = await springBootJar();
  if (!needs(built !== undefined, 'Maven Central')) return context.skip();
  const jar = join(built ?? '', 'target/app.jar');
  const parties = await makeParties();
  for (const clientCerts of [false, true])
    // two JVMs at a time
    await Promise.all(
      ['spring-boot', 'spring-boot-p12'].map((name) =>
        springBoot(jar, parties, { name, clientCerts }),
      ),
    );
  const yaml = { clientCerts: true, yaml: true };
  await Promise.all(
    ['spring-boot', 'spring-boot-p12'].map((name) => springBoot(jar, parties, { name, ...yaml })),
  );
});

test('recipe tomcat runs as printed, with and without --client-certs', async (context) => {
  if (!needs(existsSync(`${TOMCAT}/bin/catalina.sh`), 'tomcat10')) return context.skip();
  const parties = await makeParties();
  for (const clientCerts of [false, true]) {
    const port = await freePort();
    const [connector, setenv] = await printRecipe(parties, 'tomcat', port, clientCerts);
    const base = temporaryFolder();
    for (const folder of ['bin', 'conf', 'logs', 'temp', 'webapps/ROOT'])
      mkdirSync(join(base, folder), { recursive: true });
    copyFileSync('/etc/tomcat10/web.xml', join(base, 'conf/web.xml'));
    writeFileSync(join(base, 'webapps/ROOT/index.html'), 'hello');
    writeFileSync(join(base, 'bin/setenv.sh'), setenv?.text ?? '');
    writeFileSync(
      join(base, 'conf/server.xml'),
      `<Server port="-1"><Service name="Catalina">
       ${connector?.text ?? ''}
       <Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps"/></Engine>
       </Service></Server>`,
    );
    await startProgram(port, `${TOMCAT}/bin/catalina.sh`, ['run'], {
      cwd: base,
      env: { CATALINA_HOME: TOMCAT, CATALINA_BASE: base, JAVA_OPTS: QUICK.join(' ') },
    });
    await expectServed(port, parties, clientCerts);
  }
});

test('recipe jdk runs as printed, with and without --client-certs; a Java client with the trust store gets in', async (context) => {
  if (!needsTools('java')) return context.skip();
  const parties = await makeParties();
  for (const clientCerts of [false, true]) {
    const port = await freePort();
    const [source] = await printRecipe(parties, 'jdk', port, clientCerts);
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'Server.java'), source?.text ?? '');
    await startProgram(port, 'java', [...QUICK, 'Server.java'], { cwd: folder });
    await expectServed(port, parties, clientCerts);
    if (clientCerts) continue;
    // The options of the recipe's note.
    const trusting = [
      `-Djavax.net.ssl.trustStore=${join(parties.folder, '.devcert/truststore.p12')}`,
      `-Djavax.net.ssl.trustStorePassword=${PASSWORDS.TRUSTSTORE_PASSWORD}`,
    ];
    writeFileSync(join(folder, 'Client.java'), CLIENT(port));
    const fetch = (options: readonly string[]) =>
      run('java', [...QUICK, ...options, 'Client.java'], {
        cwd: folder,
        env: { LC_ALL: 'C.UTF-8' },
      });
    expect(await fetch(trusting)).toEqual({ status: 0, output: 'hello\n' });
    const refused = await fetch([]);
    expect(refused.status).toBe(1);
    expect(refused.output).toContain('unable to find valid certification path');
  }
});

const CLIENT = (port: number) => `
  public class Client {
    public static void main(String[] args) throws Exception {
      var url = new java.net.URL("https://localhost:${String(port)}/");
      System.out.write(url.openStream().readAllBytes());
      System.out.flush();
    }
  }`;
