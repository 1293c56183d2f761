/** PostgreSQL, MariaDB, Redis and Mosquitto from Debian, each configured by its recipe and nothing else. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, type TestContext } from 'vitest';
import {
  createKitchen,
  freePort,
  type Pair,
  serverFolder,
  startProgram,
  write,
} from '../helpers/recipes.ts';
import { needs } from '../helpers/require.ts';
import { findProgram, run } from '../helpers/run.ts';

const kitchen = await createKitchen();
const { ca, otherCa, client, otherClient, server } = kitchen;
/** Out, whatever the way in is. */
const wrongClients: (Pair | undefined)[] = [undefined, otherClient, server];

const POSTGRES = '/usr/lib/postgresql';
const postgresBin = existsSync(POSTGRES)
  ? join(POSTGRES, readdirSync(POSTGRES).sort().at(-1) ?? '', 'bin')
  : undefined;

const isRoot = process.geteuid?.() === 0;

/** The copies for the server's own user, made by the recipe's lines but for sudo and the place; its file for them. */
async function copiesFor(name: string, folder: string, options: readonly string[]) {
  const block = (await kitchen.block('if it runs as', name, ...options))
    .replaceAll('sudo ', '')
    .replaceAll('/etc/devcert', folder);
  const [asks = '', ...lines] = block.split('\n').reverse();
  expect(asks).toContain(`devcert recipe ${name} --dir ${folder}/${name}`);
  expect(await run('sh', ['-ec', lines.reverse().join('\n')])).toEqual({ status: 0, output: '' });
  return [name, '--dir', `${folder}/${name}`, ...options];
}

async function idOf(user: string): Promise<number> {
  return Number((await run('id', ['-u', user])).output);
}

function skipUnless(context: TestContext, programs: readonly (string | undefined)[], what: string) {
  const there = programs.every((program) => program !== undefined && findProgram(program));
  if (!needs(isRoot && there, `${what}, as root`)) context.skip();
}

describe('postgres by its recipe', () => {
  async function start(options: readonly string[]): Promise<number> {
    const [port, folder, uid] = [await freePort(), serverFolder(), await idOf('postgres')];
    const bin = postgresBin ?? '';
    const data = join(folder, 'data');
    mkdirSync(data);
    await run('chown', ['postgres', folder, data]);
    const password = write(folder, 'password', 'correct horse');
    const init = ['-D', data, '-U', 'postgres', '--pwfile', password, '--no-sync', '-A', 'trust'];
    const made = await run(
      'setpriv',
      ['--reuid=postgres', '--clear-groups', `${bin}/initdb`, ...init],
      { cwd: folder },
    );
    expect(made.status, made.output).toBe(0);
    const args = await copiesFor('postgres', folder, options);
    const file = write(folder, 'devcert.conf', await kitchen.recipe(...args));
    write(
      data,
      'pg_hba.conf',
      `local all all trust\n${await kitchen.block('pg_hba.conf', ...args)}`,
    );
    write(
      data,
      'postgresql.conf',
      `include '${file}'\nport = ${port}\nunix_socket_directories = '${folder}'\nfsync = off\n`,
    );
    await startProgram(`${bin}/postgres`, ['-D', data], port, { uid, cwd: folder });
    const role = `CREATE ROLE "ada@example.test" LOGIN`;
    const created = await run('psql', [
      '-h',
      folder,
      '-p',
      String(port),
      '-U',
      'postgres',
      '-c',
      role,
    ]);
    expect(created.status, created.output).toBe(0);
    return port;
  }

  const escaped = (path: string) => `'${path.replaceAll("'", "\\'")}'`;
  const psql = (connection: string, port: number) =>
    run(
      'psql',
      [
        `${connection} port=${port} dbname=postgres`,
        '-Atc',
        'SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
      ],
      {
        env: { PGPASSWORD: 'correct horse' },
      },
    );

  test('is opened by whoever trusts our root alone', async (context) => {
    skipUnless(context, ['psql'], 'PostgreSQL');
    const port = await start([]);
    // As the recipe says it.
    const typed = await run(
      'sh',
      ['-c', `${await kitchen.block('run', 'postgres')} -c 'SELECT 6*7'`],
      {
        env: { PGPASSWORD: 'correct horse', PGPORT: String(port) },
      },
    );
    expect(typed.output).toContain('42');
    const to = (root: string, host = 'localhost') =>
      `host=${host} hostaddr=127.0.0.1 user=postgres sslmode=verify-full sslrootcert=${escaped(root)}`;
    expect((await psql(to(ca), port)).output).toBe('t|TLSv1.3\n');
    expect((await psql(to(otherCa), port)).output).toContain('certificate verify failed');
    expect((await psql(to(ca, 'api.test'), port)).output).toContain('does not match host name');
    const plain = await psql('host=localhost user=postgres sslmode=disable', port);
    expect(plain.output).toContain('no encryption');
    expect(plain.status).not.toBe(0);
  });

  test('--client-certs: lets in the user whom the certificate names, alone', async (context) => {
    skipUnless(context, ['psql'], 'PostgreSQL');
    const port = await start(['--client-certs']);
    const as = (user: string, pair?: Pair) =>
      `host=localhost user=${user} sslmode=verify-full sslrootcert=${escaped(ca)} ` +
      (pair === undefined
        ? 'sslcert=/nowhere'
        : `sslcert=${escaped(pair.cert)} sslkey=${escaped(pair.key)}`);
    const right = await psql(as('ada@example.test', client), port);
    expect(right).toEqual({ status: 0, output: 't|TLSv1.3\n' });
    expect((await psql(as('postgres', client), port)).status).not.toBe(0);
    for (const pair of wrongClients)
      expect([pair, (await psql(as('ada@example.test', pair), port)).status]).not.toEqual([
        pair,
        0,
      ]);
  });
});

describe('mysql by its recipe', () => {
  async function start(options: readonly string[]): Promise<number> {
    const [port, folder, uid] = [await freePort(), serverFolder(), await idOf('mysql')];
    await run('chown', ['mysql', folder]);
    const data = [`--datadir=${folder}/data`, '--user=mysql'];
    const install = ['--no-defaults', ...data, '--auth-root-authentication-method=normal'];
    const made = await run('mariadb-install-db', [...install, '--skip-test-db'], { cwd: folder });
    expect(made.status, made.output).toBe(0);
    const args = await copiesFor('mysql', folder, options);
    const file = write(folder, 'devcert.cnf', await kitchen.recipe(...args));
    const socket = join(folder, 'socket');
    const local = [`--socket=${socket}`, `--port=${port}`, '--bind-address=127.0.0.1'];
    await startProgram(
      findProgram('mariadbd') ?? '',
      [`--defaults-file=${file}`, ...data, ...local],
      port,
      {
        cwd: folder,
        uid,
      },
    );
    const sql = options.includes('--client-certs')
      ? await kitchen.block('SQL', 'mysql', ...options)
      : '';
    const user = `CREATE USER 'app'@'%' IDENTIFIED BY 'correct horse'; ${sql}`;
    const created = await run('mariadb', [
      '--no-defaults',
      `--socket=${socket}`,
      '-u',
      'root',
      '-e',
      user,
    ]);
    expect(created.status, created.output).toBe(0);
    return port;
  }

  const query = "SHOW STATUS LIKE 'Ssl_version'";
  const mariadb = (port: number, root: string, pair?: Pair, ...more: string[]) =>
    run(
      'mariadb',
      [
        ...['--no-defaults', '--protocol=tcp', '--host=localhost', `--port=${port}`, '--user=app'],
        ...[`--ssl-ca=${root}`, '--ssl-verify-server-cert', '-N', '-e', query],
        ...(pair === undefined ? [] : [`--ssl-cert=${pair.cert}`, `--ssl-key=${pair.key}`]),
        ...more,
      ],
      { env: { MYSQL_PWD: 'correct horse' } },
    );
  const inside = /Ssl_version\tTLSv1\.[23]/;

  test('is opened by whoever trusts our root alone', async (context) => {
    skipUnless(context, ['mariadbd', 'mariadb', 'mariadb-install-db'], 'MariaDB');
    const port = await start([]);
    const lines = (await kitchen.block('run', 'mysql')).split('\n');
    const line = lines.find((line) => line.startsWith('mariadb '))?.replace(' --password', '');
    const typed = await run('sh', ['-c', `${line ?? ''} --port=${port} -N -e "${query}"`], {
      env: { MYSQL_PWD: 'correct horse' },
    });
    expect(typed.output).toMatch(inside);
    expect((await mariadb(port, otherCa)).output).toMatch(/certificate verify failed|local issuer/);
    const wrongName = await mariadb(port, ca, undefined, '--host=127.0.0.1');
    expect(wrongName.output).toMatch(/SSL|certificate/);
    expect(wrongName.output).not.toMatch(inside);
    const plain = await mariadb(port, ca, undefined, '--skip-ssl');
    expect(plain.output).not.toMatch(inside);
    expect(plain.status).not.toBe(0);
  });

  test('--client-certs: lets in our clients alone', async (context) => {
    skipUnless(context, ['mariadbd', 'mariadb', 'mariadb-install-db'], 'MariaDB');
    const port = await start(['--client-certs']);
    expect((await mariadb(port, ca, client)).output).toMatch(inside);
    for (const pair of wrongClients) {
      const { status, output } = await mariadb(port, ca, pair);
      expect([pair, status]).not.toEqual([pair, 0]);
      expect(output).not.toMatch(inside);
    }
  });
});

describe('redis by its recipe', () => {
  async function start(options: readonly string[]): Promise<number> {
    const [port, folder] = [await freePort(), serverFolder()];
    const text = (await kitchen.recipe('redis', ...options)).replaceAll('6379', String(port));
    const file = write(folder, 'devcert.conf', `${text}\ndir ${folder}\nsave ""\n`);
    await startProgram('redis-server', [file], port);
    return port;
  }
  const ping = (port: number, root: string, pair?: Pair) =>
    run('redis-cli', [
      ...['--tls', '--cacert', root, '-h', 'localhost', '-p', String(port)],
      ...(pair === undefined ? [] : ['--cert', pair.cert, '--key', pair.key]),
      'ping',
    ]);

  test('is opened by whoever trusts our root alone', async (context) => {
    skipUnless(context, ['redis-server', 'redis-cli'], 'Redis');
    const port = await start([]);
    const typed = (await kitchen.block('run', 'redis')).replace(' ping', ` -p ${port} ping`);
    expect((await run('sh', ['-c', typed])).output).toBe('PONG\n');
    expect((await ping(port, otherCa)).output).toContain('certificate verify failed');
    const plain = await run('redis-cli', ['-h', 'localhost', '-p', String(port), 'ping']);
    expect(plain.output).not.toContain('PONG');
  });

  test('--client-certs: lets in our clients alone', async (context) => {
    skipUnless(context, ['redis-server', 'redis-cli'], 'Redis');
    const port = await start(['--client-certs']);
    expect((await ping(port, ca, client)).output).toBe('PONG\n');
    for (const pair of wrongClients)
      expect([pair, (await ping(port, ca, pair)).output]).not.toEqual([pair, 'PONG\n']);
  });
});

describe('mosquitto by its recipe', () => {
  async function start(options: readonly string[]): Promise<number> {
    const [port, folder] = [await freePort(), serverFolder()];
    const args = await copiesFor('mosquitto', folder, options);
    const text = (await kitchen.recipe(...args)).replaceAll('8883', String(port));
    await startProgram('mosquitto', ['-c', write(folder, 'devcert.conf', text)], port);
    return port;
  }
  const publish = async (port: number, root: string, pair?: Pair, host = 'localhost') =>
    (
      await run('mosquitto_pub', [
        ...[
          '-h',
          host,
          '-p',
          String(port),
          '--cafile',
          root,
          '-t',
          'hello',
          '-m',
          'world',
          '-q',
          '1',
        ],
        ...(pair === undefined ? [] : ['--cert', pair.cert, '--key', pair.key]),
      ])
    ).status;

  test('is opened by whoever trusts our root alone', async (context) => {
    skipUnless(context, ['mosquitto', 'mosquitto_pub'], 'Mosquitto');
    const port = await start([]);
    const typed = (await kitchen.block('run', 'mosquitto')).replace('8883', String(port));
    expect(await run('sh', ['-c', typed])).toEqual({ status: 0, output: '' });
    expect(await publish(port, ca)).toBe(0);
    expect(await publish(port, otherCa)).not.toBe(0);
    expect(await publish(port, ca, undefined, '127.0.0.1')).not.toBe(0);
  });

  test('--client-certs: lets in our clients alone', async (context) => {
    skipUnless(context, ['mosquitto', 'mosquitto_pub'], 'Mosquitto');
    const port = await start(['--client-certs']);
    expect(await publish(port, ca, client)).toBe(0);
    for (const pair of wrongClients)
      expect([pair, await publish(port, ca, pair)]).not.toEqual([pair, 0]);
  });
});
