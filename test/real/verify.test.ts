/**
 * `devcert verify` on servers that we did not write: good ones are verified, broken ones are told by their cause,
 * and the cure that is printed cures. STARTTLS with the databases, the mail servers and the directory of Debian.
 */
import { X509Certificate } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, type TestContext } from 'vitest';
import type { VerifyResult } from '../../src/verify/types.ts';
import { freshHome } from '../helpers/cli.ts';
import { freePort, serverFolder, startProgram, write } from '../helpers/recipes.ts';
import { needs } from '../helpers/require.ts';
import { findProgram, run } from '../helpers/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'devcert-verify-'));
chmodSync(folder, 0o755); // servers become users of their own
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const home = freshHome(folder);
await home.run(['localhost', '127.0.0.1', 'api.test']);
const at = (name: string) => join(home.project, '.devcert', name);
const [cert, key, root] = [at('cert.pem'), at('key.pem'), at('ca.pem')];
const [leaf = '', issuer = ''] = readFileSync(cert, 'utf8').split(
  /(?<=-----END CERTIFICATE-----\n)/,
);

function skipUnless(context: TestContext, programs: readonly string[], more = true) {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  if (!needs(missing.length === 0 && more, missing.join(', ') || 'root')) context.skip();
}
const isRoot = process.geteuid?.() === 0;

async function verify(port: number, ...options: string[]) {
  const { stdout, status } = await home.run(['verify', `localhost:${port}`, '--json', ...options]);
  const result = JSON.parse(stdout) as VerifyResult;
  expect(status).toBe(result.exitCode);
  return result;
}
const codesOf = ({ problems }: VerifyResult) => problems.map(({ code }) => code);

async function sServer(...args: string[]): Promise<number> {
  const port = await freePort();
  await startProgram(
    'openssl',
    ['s_server', '-quiet', '-accept', `127.0.0.1:${port}`, ...args],
    port,
  );
  return port;
}

const issuerFile = write(folder, 'issuer.pem', issuer);

/** With these certificates, in this order. */
async function nginx(pem: string): Promise<number> {
  const [port, place] = [await freePort(), serverFolder()];
  const chain = write(place, 'chain.pem', pem);
  const config = write(
    place,
    'nginx.conf',
    `daemon off; pid ${place}/pid; error_log ${place}/error.log; worker_processes 1; events {}
     http { access_log off; client_body_temp_path ${place}; proxy_temp_path ${place};
     fastcgi_temp_path ${place}; uwsgi_temp_path ${place}; scgi_temp_path ${place};
     server { listen 127.0.0.1:${port} ssl http2; ssl_protocols TLSv1.2 TLSv1.3;
     ssl_certificate ${chain}; ssl_certificate_key ${key}; location / { return 200 "hello"; } } }`,
  );
  await startProgram(findProgram('nginx') ?? '', ['-c', config, '-p', place], port);
  return port;
}

describe('OpenSSL s_server', () => {
  test.each([
    ['TLSv1.3', '-tls1_3'],
    ['TLSv1.2', '-tls1_2'],
  ])('is verified by %s', async (version, flag) => {
    const port = await sServer('-cert', cert, '-cert_chain', issuerFile, '-key', key, flag);
    const result = await verify(port);
    expect(result).toMatchObject({ isVerified: true, server: { version } });
    expect(result.certificates).toHaveLength(2);
    expect(codesOf(await verify(port, '--name', 'other.test'))).toEqual(['wrong-name']);
    expect(codesOf(await verify(port, '--at', '2035-01-01'))).toContain('expired');
  });

  test('of TLS 1.0 alone is told to be too old', async () => {
    const port = await sServer('-cert', cert, '-key', key, '-tls1', '-cipher', 'ALL:@SECLEVEL=0');
    const { problems, exitCode } = await verify(port);
    expect(problems[0]).toMatchObject({ code: 'tls-too-old', step: 'hello' });
    expect(problems[0]?.message).toContain('TLS 1.0');
    expect(exitCode).toBe(1);
  });

  test('that wants a certificate of the client is verified, with a warning', async () => {
    const port = await sServer(
      '-cert',
      cert,
      '-cert_chain',
      issuerFile,
      '-key',
      key,
      '-Verify',
      '1',
      '-CAfile',
      root,
    );
    const result = await verify(port);
    expect(result).toMatchObject({
      isVerified: true,
      server: { clientCertificate: { required: true } },
    });
    expect(codesOf(result)).toContain('client-certificate-required');
  });

  test('with a certificate of its own, and of mkcert', async (context) => {
    const made = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const files = ['-keyout', join(folder, 'k.pem'), '-out', join(folder, 'c.pem')];
    await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...made, ...files]);
    const own = await sServer('-cert', join(folder, 'c.pem'), '-key', join(folder, 'k.pem'));
    expect(codesOf(await verify(own))).toEqual(['self-signed']);
    skipUnless(context, ['mkcert']);
    const env = { HOME: folder, TRUST_STORES: 'none', XDG_DATA_HOME: undefined, CAROOT: undefined };
    const [mCert, mKey] = [join(folder, 'm.pem'), join(folder, 'mk.pem')];
    await run('mkcert', ['-cert-file', mCert, '-key-file', mKey, 'localhost'], { env });
    const mkcert = await sServer('-cert', mCert, '-key', mKey);
    expect(await verify(mkcert)).toMatchObject({ exitCode: 4, problems: [{ code: 'mkcert' }] });
    const roots = join(folder, '.local/share/mkcert/rootCA.pem');
    expect(await verify(mkcert, '--roots', roots)).toMatchObject({ isVerified: true });
  });
});

test('GnuTLS is verified', async (context) => {
  skipUnless(context, ['gnutls-serv']);
  const port = await freePort();
  const files = [`--x509certfile=${cert}`, `--x509keyfile=${key}`];
  await startProgram('gnutls-serv', ['--quiet', '--echo', `--port=${port}`, ...files], port);
  expect(await verify(port)).toMatchObject({ isVerified: true, problems: [] });
});

describe('nginx', () => {
  test('with all of cert.pem is verified; without the issuer, or in another order, it is told', async (context) => {
    skipUnless(context, ['nginx']);
    const good = await nginx(leaf + issuer);
    expect(await verify(good)).toMatchObject({ problems: [], server: { alpn: 'h2' } });
    const alone = await verify(await nginx(leaf));
    expect(codesOf(alone)).toEqual(['missing-issuer']);
    expect(alone.problems[0]?.fix).toContain('all of cert.pem');
    const mixed = await verify(await nginx(leaf + readFileSync(root, 'utf8') + issuer));
    expect(mixed).toMatchObject({ isVerified: true });
    expect(codesOf(mixed)).toEqual(['chain-order']);
    expect(mixed.certificates).toHaveLength(3);
  });

  test('does not start with the key of another certificate, which inspect names', async (context) => {
    skipUnless(context, ['nginx']);
    await home.run(['localhost', '--out', 'other']);
    const { stdout } = await home.run(['inspect', 'other/cert.pem', key]);
    expect(stdout).toContain('is not the key of');
  });

  test('the printed cure of a wrong name cures', async (context) => {
    skipUnless(context, ['nginx']);
    const port = await nginx(leaf + issuer);
    const { problems } = await verify(port, '--name', 'new.test');
    const [, typed = ''] =
      /^devcert (.*), and restart the server;/.exec(problems[0]?.fix ?? '') ?? [];
    expect(typed).toContain('new.test');
    const issued = await home.run([...typed.split(' '), '--out', 'cured']);
    expect(issued.status, issued.stderr).toBe(0);
    const cured = join(home.project, 'cured');
    const again = await sServer(
      '-cert',
      `${cured}/cert.pem`,
      '-cert_chain',
      issuerFile,
      '-key',
      `${cured}/key.pem`,
    );
    expect(await verify(again, '--name', 'new.test')).toMatchObject({ isVerified: true });
  });

  test('inspect shows what it sends', async (context) => {
    skipUnless(context, ['nginx']);
    const port = await nginx(leaf + issuer);
    const { stdout, status } = await home.run(['inspect', `localhost:${port}`]);
    expect(status).toBe(0);
    expect(stdout).toContain(new X509Certificate(leaf).serialNumber);
    expect(stdout).toContain("this machine's devcert CA");
  });
});

test('an HTTP server is told to be one', async (context) => {
  skipUnless(context, ['python3']);
  const port = await freePort();
  await startProgram('python3', ['-m', 'http.server', '--bind', '127.0.0.1', String(port)], port, {
    cwd: serverFolder(),
  });
  expect(codesOf(await verify(port))).toEqual(['http']);
});

describe('STARTTLS', () => {
  async function expectStartTls(port: number, protocol: string) {
    expect(await verify(port, '--starttls', protocol)).toMatchObject({
      isVerified: true,
      problems: [],
      server: { startTls: protocol },
    });
    const wrong = await verify(port, '--starttls', protocol, '--name', 'other.test');
    expect(codesOf(wrong)).toEqual(['wrong-name']);
    const direct = await verify(port, '--starttls', 'none', '--timeout', '2');
    expect(direct.isVerified).toBe(false);
    expect(['not-tls', 'closed', 'no-answer', 'tls-refused']).toContain(codesOf(direct)[0]);
  }

  /** Copies of the pair that a server's own user owns. */
  async function filesFor(user: string) {
    const place = serverFolder();
    write(place, 'cert.pem', readFileSync(cert, 'utf8'));
    write(place, 'key.pem', readFileSync(key, 'utf8'));
    chmodSync(join(place, 'key.pem'), 0o600);
    await run('chown', ['-R', user, place]);
    return { place, uid: Number((await run('id', ['-u', user])).output), port: await freePort() };
  }

  test('PostgreSQL, with TLS and without', async (context) => {
    const versions = '/usr/lib/postgresql';
    const bin = existsSync(versions)
      ? join(versions, readdirSync(versions).sort().at(-1) ?? '', 'bin')
      : '';
    skipUnless(context, ['setpriv'], bin !== '' && isRoot);
    const { place, uid, port } = await filesFor('postgres');
    const data = join(place, 'data');
    const init = [`${bin}/initdb`, '-D', data, '--no-sync', '-A', 'trust'];
    const made = await run('setpriv', ['--reuid=postgres', '--clear-groups', ...init], {
      cwd: place,
    });
    expect(made.status, made.output).toBe(0);
    const common = `unix_socket_directories = '${place}'\nfsync = off\n`;
    const files = `ssl_cert_file = '${place}/cert.pem'\nssl_key_file = '${place}/key.pem'\n`;
    write(data, 'postgresql.conf', `port = ${port}\n${common}ssl = on\n${files}`);
    await startProgram(`${bin}/postgres`, ['-D', data], port, { uid, cwd: place });
    await expectStartTls(port, 'postgres');
  });

  test('MariaDB', async (context) => {
    skipUnless(context, ['mariadbd', 'mariadb-install-db'], isRoot);
    const { place, uid, port } = await filesFor('mysql');
    const data = [`--datadir=${place}/data`, '--user=mysql'];
    const made = await run('mariadb-install-db', ['--no-defaults', ...data, '--skip-test-db'], {
      cwd: place,
    });
    expect(made.status, made.output).toBe(0);
    const local = [`--socket=${place}/socket`, `--port=${port}`, '--bind-address=127.0.0.1'];
    const tls = [`--ssl-cert=${place}/cert.pem`, `--ssl-key=${place}/key.pem`];
    await startProgram(
      findProgram('mariadbd') ?? '',
      ['--no-defaults', ...data, ...local, ...tls],
      port,
      { uid, cwd: place },
    );
    await expectStartTls(port, 'mysql');
  });

  test('SMTP: aiosmtpd', async (context) => {
    skipUnless(
      context,
      ['/usr/bin/python3'].map((it) => it.slice('/usr/bin/'.length)),
      existsSync('/usr/lib/python3/dist-packages/aiosmtpd'),
    );
    const port = await freePort();
    const tls = ['--tlscert', cert, '--tlskey', key, '--no-requiretls'];
    await startProgram(
      '/usr/bin/python3',
      ['-m', 'aiosmtpd', '-n', '-c', 'aiosmtpd.handlers.Sink', '-l', `127.0.0.1:${port}`, ...tls],
      port,
    );
    await expectStartTls(port, 'smtp');
  });

  test('IMAP: Dovecot', async (context) => {
    skipUnless(context, ['dovecot'], isRoot);
    const { place, port } = await filesFor('root');
    mkdirSync(join(place, 'run'));
    const config = write(
      place,
      'dovecot.conf',
      `protocols = imap\nbase_dir = ${place}/run\nstate_dir = ${place}/run\nlog_path = ${place}/log
ssl = yes\nssl_cert = <${place}/cert.pem\nssl_key = <${place}/key.pem
passdb {\n  driver = static\n  args = nopassword=y\n}
userdb {\n  driver = static\n  args = uid=nobody gid=nogroup home=/tmp\n}
service imap-login {\n  inet_listener imap {\n    address = 127.0.0.1\n    port = ${port}\n  }
  inet_listener imaps {\n    port = 0\n  }\n}\n`,
    );
    await startProgram('/usr/sbin/dovecot', ['-F', '-c', config], port, { cwd: place });
    await expectStartTls(port, 'imap');
  });

  test('LDAP: OpenLDAP', async (context) => {
    skipUnless(context, ['slapd'], isRoot);
    const { place, port } = await filesFor('root');
    mkdirSync(join(place, 'db'));
    const config = write(
      place,
      'slapd.conf',
      `include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb
pidfile ${place}/pid\nTLSCertificateFile ${place}/cert.pem\nTLSCertificateKeyFile ${place}/key.pem
TLSCACertificateFile ${root}\ndatabase mdb\nsuffix "dc=test"\ndirectory ${place}/db\n`,
    );
    await startProgram(
      '/usr/sbin/slapd',
      ['-f', config, '-h', `ldap://127.0.0.1:${port}`, '-d', '0'],
      port,
      { cwd: place },
    );
    await expectStartTls(port, 'ldap');
  });
});
