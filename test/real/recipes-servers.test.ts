/** nginx, Apache, HAProxy and Caddy from Debian, each configured by its recipe and nothing else. */
import { describe, expect, test } from 'vitest';
import {
  createKitchen,
  expectHttps,
  expectMutualHttps,
  freePort,
  serverFolder,
  startProgram,
  startUpstream,
  write,
} from '../helpers/recipes.ts';
import { needs, needsTools } from '../helpers/require.ts';
import { findProgram, run } from '../helpers/run.ts';

const kitchen = await createKitchen();

/** The recipe's file with ports that are free. */
async function configuration(name: string, clientCerts: boolean) {
  const [port, upstream, folder] = [await freePort(), await startUpstream(), serverFolder()];
  const text = (await kitchen.recipe(name, ...(clientCerts ? ['--client-certs'] : [])))
    .replaceAll('8443', String(port))
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${upstream}`);
  return { port, folder, file: write(folder, 'devcert.conf', text) };
}

async function startNginx(file: string, folder: string, port: number): Promise<void> {
  const temporaries = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder};`)
    .join(' ');
  const main = write(
    folder,
    'nginx.conf',
    `pid ${folder}/pid; events {} http { access_log off; ${temporaries} include ${file}; }`,
  );
  const args = ['-p', folder, '-c', main, '-e', 'stderr', '-g', 'daemon off;'];
  await startProgram(findProgram('nginx') ?? 'nginx', args, port);
}

async function startApache(file: string, folder: string, port: number): Promise<void> {
  const modules = ['mpm_event', 'authz_core', 'ssl', 'proxy', 'proxy_http', 'headers'].map(
    (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
  );
  const main = write(
    folder,
    'apache2.conf',
    [
      `ServerRoot ${folder}`,
      `PidFile ${folder}/pid`,
      `ErrorLog ${folder}/error.log`,
      ...modules,
      'User www-data',
      'Group www-data',
      `Include ${file}`,
    ].join('\n'),
  );
  await startProgram('/usr/sbin/apache2', ['-X', '-f', main], port);
}

async function startHaproxy(file: string, _folder: string, port: number): Promise<void> {
  // The one step beside the file, as the recipe has it.
  const linked = await run('sh', ['-c', await kitchen.block('run', 'haproxy')]);
  expect(linked.status).toBe(0);
  await startProgram('/usr/sbin/haproxy', ['-f', file], port);
}

async function startCaddy(file: string, folder: string, port: number): Promise<void> {
  // Where it keeps its own state; and its port for administration may be taken.
  const env = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const admin = await freePort();
  const args = ['run', '--adapter', 'caddyfile', '--config', file];
  await startProgram('caddy', args, port, {
    env: { ...env, CADDY_ADMIN: `127.0.0.1:${admin}` },
  });
}

/** From 2.8, which Debian 12 has not, Caddy can be told in this way whose client certificates it is to accept. */
async function takesTrustPool(): Promise<boolean> {
  const { output } = await run('caddy', ['version']);
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(output) ?? []).slice(1).map(Number);
  return major > 2 || minor >= 8;
}

describe.each([
  { name: 'nginx', program: 'nginx', start: startNginx },
  { name: 'apache', program: 'apache2', start: startApache },
  { name: 'haproxy', program: 'haproxy', start: startHaproxy },
  { name: 'caddy', program: 'caddy', start: startCaddy },
])('$name by its recipe', ({ name, program, start }) => {
  test('is opened by whoever trusts our root alone', async (context) => {
    if (!needs(findProgram(program) !== undefined, program)) context.skip();
    const { file, folder, port } = await configuration(name, false);
    await start(file, folder, port);
    await expectHttps(kitchen, port);
  });

  test('--client-certs: lets in our clients alone, and says who they are', async (context) => {
    if (!needs(findProgram(program) !== undefined, program)) context.skip();
    const { file, folder, port } = await configuration(name, true);
    if (name === 'caddy' && !(await takesTrustPool())) {
      // Closed to all, as the recipe's note says: never open to those without a certificate.
      await expect(start(file, folder, port)).rejects.toThrow('trust_pool');
      return;
    }
    await start(file, folder, port);
    const page = await expectMutualHttps(kitchen, port);
    expect(page).toMatch(/^hello over https .*CN=ada@example\.test/);
  });
});

describe('docker-compose by its recipe', () => {
  /** What Compose makes of the configuration in its file, at the places that the containers have here. */
  async function nginxPart(options: readonly string[]) {
    const [port, upstream, folder] = [await freePort(), await startUpstream(), serverFolder()];
    const text = await kitchen.recipe('docker-compose', ...options);
    const [, content = ''] = /\n    content: \|\n((?:      .*\n)+)/.exec(text) ?? [];
    const mounts = [...text.matchAll(/source: (".*")\n +target: (.*)\n +read_only: true/g)];
    expect(mounts.length).toBeGreaterThan(2);
    const configuration = mounts
      .reduce(
        (conf, [, source = '', target = '']) =>
          conf.replaceAll(`${target};`, `${source.replaceAll('$$', '$')};`),
        content.replaceAll('$$', '$'),
      )
      .replace('listen 8443', `listen 127.0.0.1:${port}`)
      .replace('http://app:3000', `http://127.0.0.1:${upstream}`);
    expect(configuration).not.toContain('/run/devcert');
    await startNginx(write(folder, 'default.conf', configuration), folder, port);
    return port;
  }

  test('its nginx is opened by whoever trusts our root alone', async (context) => {
    if (!needsTools('nginx')) context.skip();
    await expectHttps(kitchen, await nginxPart([]));
  });

  test('--client-certs: its nginx lets in our clients alone', async (context) => {
    if (!needsTools('nginx')) context.skip();
    await expectMutualHttps(kitchen, await nginxPart(['--client-certs']));
  });
});

describe('php by its recipe', () => {
  test('--client-certs: nginx lets in our clients alone', async (context) => {
    if (!needsTools('nginx')) context.skip();
    const [port, upstream, folder] = [await freePort(), await startUpstream(), serverFolder()];
    const text = (await kitchen.recipe('php', '--client-certs'))
      .replaceAll('8443', String(port))
      .replaceAll('127.0.0.1:8000', `127.0.0.1:${upstream}`);
    await startNginx(write(folder, 'devcert.conf', text), folder, port);
    await expectMutualHttps(kitchen, port);
  });

  test('nginx opens to whoever trusts our root alone, and PHP trusts it as a client', async (context) => {
    const there = findProgram('nginx') !== undefined && findProgram('php') !== undefined;
    if (!needs(there, 'nginx and php')) context.skip();
    const [port, php, folder] = [await freePort(), await freePort(), serverFolder()];
    write(
      folder,
      'index.php',
      '<?php echo "hello from PHP over ", $_SERVER["HTTP_X_FORWARDED_PROTO"];',
    );
    await startProgram('php', ['-S', `127.0.0.1:${php}`, '-t', folder], php);
    const text = (await kitchen.recipe('php'))
      .replaceAll('8443', String(port))
      .replaceAll('127.0.0.1:8000', `127.0.0.1:${php}`);
    await startNginx(write(folder, 'devcert.conf', text), folder, port);
    await expectHttps(kitchen, port);
    const line = (await kitchen.block('PHP as a client', 'php')).replaceAll('8443', String(port));
    const asked = await run('php', ['-r', `echo ${line}`]);
    expect(asked.output).toContain('hello from PHP over https');
    const other = await run('php', [
      '-r',
      `echo ${line.replace(kitchen.ca.replaceAll("'", "\\'"), kitchen.otherCa)}`,
    ]);
    expect(other.output).toContain('certificate verify failed');
  });
});
