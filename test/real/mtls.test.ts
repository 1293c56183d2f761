/**
 * Mutual TLS with servers we did not write, on the files of one party and nothing else: the right client
 * is let in, every wrong one is not. With one authority (A) and with two that trust each other (B).
 */
import { X509Certificate } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, type TestContext } from 'vitest';
import { loadAuthority } from '../../src/authority/folder.ts';
import { byAnotherAuthority, madeWrong } from '../../src/mtls/invalid-clients.ts';
import { authorityFolderIn } from '../../src/disk/paths.ts';
import { parseLeafRequest } from '../../src/names/request.ts';
import { freshHome } from '../helpers/cli.ts';
import { loadParty, startMtlsServer } from '../helpers/mtls.ts';
import { freePort, serverFolder, startProgram, write } from '../helpers/recipes.ts';
import { needs } from '../helpers/require.ts';
import { findProgram, run } from '../helpers/run.ts';

const PASSWORD = 'correct horse';
const folder = mkdtempSync(join(tmpdir(), 'devcert-mtls-'));
chmodSync(folder, 0o755); // servers become users of their own
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const home = freshHome(folder);
const at = (...path: string[]) => join(home.project, ...path);

async function devcert(...args: string[]): Promise<string> {
  const ran = await home.run(args);
  if (ran.status !== 0) throw new Error(`devcert ${args.join(' ')}: ${ran.stdout}${ran.stderr}`);
  return ran.stdout;
}

writeFileSync(join(folder, 'password'), `${PASSWORD}\n`, { mode: 0o600 });
await devcert('ca', 'create', 'people', '--clients-only');
await devcert('ca', 'create', 'hosts');
const stores = ['--client', 'web', '--password-file', '../password'];
await devcert('mtls', 'A', ...stores);
await devcert('mtls', 'B', '--server-ca', 'hosts', '--client-ca', 'people', ...stores);
const sets = ['A', 'B'] as const;

function skipUnless(context: TestContext, programs: readonly string[]) {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  if (!needs(missing.length === 0, missing.join(', '))) context.skip();
}

/** What `mtls check` says of a server, as `version what: got`, and its reasons. */
async function check(port: number, set: string) {
  const { stdout } = await home.run(['mtls', 'check', `localhost:${port}`, '--dir', set, '--json']);
  return JSON.parse(stdout) as {
    ok: boolean;
    accepted?: string[];
    lines: { version: string; what: string; got: string; reason: string }[];
  };
}

/** The right client in and five wrong ones out, by both versions; gives the reasons by what was tried. */
async function expectMutual(port: number, set: string): Promise<Map<string, string>> {
  const { ok, lines, accepted } = await check(port, set);
  expect(ok, JSON.stringify(lines, null, 1)).toBe(true);
  expect(lines).toHaveLength(12);
  expect(accepted).toEqual([
    expect.stringContaining(set === 'B' ? 'CN=devcert root people' : 'CN=devcert root'),
  ]);
  return new Map(lines.map(({ version, what, reason }) => [`${version} ${what}`, reason]));
}

describe.each(sets)('mutual TLS, set %s', (set) => {
  test('Node.js', async () => {
    const server = await startMtlsServer(loadParty(at(set, 'server')));
    await expectMutual(server.port, set);
    await server.close();
  });

  test('nginx, which tells why by HTTP; one that does not verify is found out', async (context) => {
    skipUnless(context, ['nginx', 'curl']);
    const party = at(set, 'server');
    for (const verify of ['on', 'off']) {
      const [port, place] = [await freePort(), serverFolder()];
      const config = write(
        place,
        'nginx.conf',
        `daemon off; pid ${place}/pid; error_log ${place}/error.log; worker_processes 1; events {}
         http { access_log off; client_body_temp_path ${place}; proxy_temp_path ${place};
         fastcgi_temp_path ${place}; uwsgi_temp_path ${place}; scgi_temp_path ${place};
         server { listen 127.0.0.1:${port} ssl; ssl_protocols TLSv1.2 TLSv1.3;
         ssl_certificate ${party}/cert.pem; ssl_certificate_key ${party}/key.pem;
         ssl_client_certificate ${party}/trust.pem; ssl_verify_client ${verify}; ssl_verify_depth 2;
         location / { return 200 "hello"; } } }`,
      );
      await startProgram(findProgram('nginx') ?? '', ['-c', config, '-p', place], port);
      if (verify === 'off') {
        const { ok, lines } = await check(port, set);
        expect(ok).toBe(false);
        expect(lines.filter(({ got }) => got === 'let in')).toHaveLength(10);
        continue;
      }
      const reasons = await expectMutual(port, set);
      expect(reasons.get('TLS 1.3 no certificate')).toContain('No required SSL certificate');
      expect(reasons.get('TLS 1.2 expired')).toContain('The SSL certificate error');
      // The client's own stores, in a client of somebody else.
      const client = at(set, 'clients/web');
      const identity = ['--cert-type', 'P12', '--cert', `${client}/keystore.p12:${PASSWORD}`];
      const url = `https://localhost:${port}/`;
      const trust = ['-sS', '--cacert', `${client}/trust.pem`];
      expect((await run('curl', [...trust, ...identity, url])).output).toBe('hello');
    }
  });

  test("the JDK's HttpsServer, on the P12 stores", async (context) => {
    skipUnless(context, ['java']);
    const port = await freePort();
    const source = join(import.meta.dirname, '../helpers/MtlsServer.java');
    await startProgram(
      findProgram('java') ?? '',
      ['-XX:TieredStopAtLevel=1', source, at(set, 'server'), String(port)],
      port,
      { env: { STORE_PASSWORD: PASSWORD } },
    );
    await expectMutual(port, set);
  });
});

const POSTGRES = '/usr/lib/postgresql';
const postgresBin = existsSync(POSTGRES)
  ? join(POSTGRES, readdirSync(POSTGRES).sort().at(-1) ?? '', 'bin')
  : '';

describe.each(sets)('PostgreSQL, set %s', (set) => {
  test('lets in the user whom a right certificate names, alone', async (context) => {
    skipUnless(context, ['psql', 'setpriv']);
    const can = postgresBin !== '' && process.geteuid?.() === 0;
    if (!needs(can, 'a PostgreSQL server, and root to become its user')) context.skip();
    const [port, place] = [await freePort(), serverFolder()];
    const name = `db-${set}`;
    const options = set === 'A' ? [] : ['--server-ca', 'hosts', '--client-ca', 'people'];
    await devcert('mtls', name, ...options, '--client', 'ada', '--plain-cn', '--out', name);
    for (const file of readdirSync(at(name, 'server')))
      copyFileSync(at(name, 'server', file), join(place, file));
    const data = join(place, 'data');
    mkdirSync(data);
    await run('chown', ['-R', 'postgres', place]);
    const become = ['--reuid=postgres', '--clear-groups'];
    const init = [
      `${postgresBin}/initdb`,
      '-D',
      data,
      '-U',
      'postgres',
      '--no-sync',
      '-A',
      'trust',
    ];
    const made = await run('setpriv', [...become, ...init], { cwd: place });
    expect(made.status, made.output).toBe(0);
    write(data, 'pg_hba.conf', 'local all all trust\nhostssl all all 127.0.0.1/32 cert\n');
    write(
      data,
      'postgresql.conf',
      `port = ${port}\nunix_socket_directories = '${place}'\nfsync = off\nssl = on
       ssl_cert_file = '${place}/cert.pem'\nssl_key_file = '${place}/key.pem'
       ssl_ca_file = '${place}/trust.pem'\n`,
    );
    const uid = Number((await run('id', ['-u', 'postgres'])).output);
    await startProgram(`${postgresBin}/postgres`, ['-D', data], port, { uid, cwd: place });
    const admin = ['-h', place, '-p', String(port), '-U', 'postgres', '-d', 'postgres'];
    const role = await run('psql', [
      ...admin,
      '-c',
      'CREATE ROLE ada LOGIN; CREATE ROLE eve LOGIN',
    ]);
    expect(role.status, role.output).toBe(0);

    const psql = (user: string, pair?: { certPem: string; keyPem: string }) => {
      const own = mkdtempSync(join(folder, 'psql-'));
      const certFile = pair === undefined ? join(own, 'none') : write(own, 'c.pem', pair.certPem);
      const keyFile = pair === undefined ? join(own, 'none') : write(own, 'k.pem', pair.keyPem);
      if (pair !== undefined) chmodSync(keyFile, 0o600);
      const root = at(name, 'clients/ada/trust.pem');
      return run('psql', [
        `host=localhost hostaddr=127.0.0.1 port=${port} dbname=postgres user=${user} sslmode=verify-full sslrootcert=${root} sslcert=${certFile} sslkey=${keyFile}`,
        '-Atc',
        'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
      ]);
    };
    const { cert: certPem, key: keyPem } = loadParty(at(name, 'clients/ada'));
    const right = { certPem, keyPem };
    expect((await psql('ada', right)).output).toBe('t\n');
    expect((await psql('eve', right)).output).toContain('certificate authentication failed');

    const ca = set === 'A' ? undefined : 'people';
    const authority = await loadAuthority(authorityFolderIn(home.state, ca));
    const request = parseLeafRequest(['ada'], { client: true, cn: 'ada' });
    const like = { certificate: new X509Certificate(certPem), names: request.names };
    const now = new Date();
    const wrong = [
      [undefined, /valid client certificate/],
      [await byAnotherAuthority(authority, request, 'ada@engine', now), /unknown ca/],
      [
        await madeWrong('for servers only', authority, like, now),
        /unsupported certificate|bad certificate/,
      ],
      [await madeWrong('expired', authority, like, now), /certificate expired/],
    ] as const;
    for (const [pair, reason] of wrong) {
      const { status, output } = await psql('ada', pair);
      expect(status).not.toBe(0);
      expect(output).toMatch(reason);
    }
  });
});

describe("ca import takes other programs' authorities", () => {
  /** Imports, issues, and has OpenSSL judge what came of it. */
  function expectImport(name: string, ...args: string[]) {
    return expectImportJudged(['-x509_strict'], name, args);
  }

  async function expectImportJudged(judged: string[], name: string, args: string[]) {
    await devcert('ca', 'import', ...args, '--name', name);
    await devcert('www.example.com', 'localhost', '--ca', name, '--out', name);
    const verify = ['verify', ...judged, '-purpose', 'sslserver', '-verify_hostname'];
    const files = ['-CAfile', at(name, 'ca.pem'), '-untrusted', at(name, 'cert.pem')];
    const args2 = [...verify, 'www.example.com', ...files, at(name, 'cert.pem')];
    expect(await run('openssl', args2)).toEqual({
      status: 0,
      output: `${at(name, 'cert.pem')}: OK\n`,
    });
  }

  test.each([
    ['rsa', ['-newkey', 'rsa:2048'], ['rsa', '-traditional']],
    ['p384', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'], ['ec']],
    ['p521', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521'], ['ec']],
  ])(
    'OpenSSL: %s as PKCS#8, encrypted, PKCS#1 or SEC1, PKCS#12',
    async (type, kind, traditional) => {
      const place = mkdtempSync(join(folder, 'openssl-'));
      const file = (name: string) => join(place, name);
      const pass = `pass:${PASSWORD}`;
      const openssl = async (...args: string[]) => {
        const ended = await run('openssl', args);
        expect(ended.status, ended.output).toBe(0);
      };
      // What `openssl req -x509` makes by its own configuration: an authority.
      await openssl(
        'req',
        '-x509',
        '-nodes',
        ...kind,
        '-days',
        '99',
        '-subj',
        `/CN=openssl ${type}`,
        '-addext',
        'keyUsage=critical,keyCertSign,cRLSign',
        '-keyout',
        file('k.pem'),
        '-out',
        file('c.pem'),
      );
      await openssl(
        'pkcs8',
        '-topk8',
        '-in',
        file('k.pem'),
        '-out',
        file('e.pem'),
        '-passout',
        pass,
      );
      await openssl(
        ...traditional,
        '-in',
        file('k.pem'),
        '-out',
        file('t.pem'),
        '-aes128',
        '-passout',
        pass,
      );
      await openssl(
        'pkcs12',
        '-export',
        '-inkey',
        file('k.pem'),
        '-in',
        file('c.pem'),
        '-out',
        file('s.p12'),
        '-passout',
        pass,
      );
      const password = ['--password-file', '../password'];
      await expectImport(`${type}-plain`, file('c.pem'), '--key', file('k.pem'));
      await expectImport(`${type}-encrypted`, file('c.pem'), file('e.pem'), ...password);
      await expectImport(`${type}-traditional`, file('c.pem'), file('t.pem'), ...password);
      await expectImport(`${type}-p12`, file('s.p12'), ...password);
      writeFileSync(join(folder, 'wrong'), `${PASSWORD}!\n`, { mode: 0o600 });
      const wrong = ['ca', 'import', file('s.p12'), '--name', 'x', '--password-file', '../wrong'];
      expect((await home.run(wrong)).stderr).toContain('password');
    },
  );

  test('mkcert: its CAROOT, found by itself', async (context) => {
    skipUnless(context, ['mkcert']);
    const env = { HOME: folder, TRUST_STORES: 'none', XDG_DATA_HOME: undefined, CAROOT: undefined };
    // Any issuing makes its authority; no store is touched.
    const made = await run(
      'mkcert',
      ['-cert-file', at('m.pem'), '-key-file', at('mk.pem'), 'a.test'],
      {
        env,
      },
    );
    expect(made.status, made.output).toBe(0);
    await expectImport('mkcert', 'mkcert');
    await expectImport('mkcert-folder', join(folder, '.local/share/mkcert'));
  });

  test('easy-rsa: its folder and its pki folder, with a key that is encrypted or not', async (context) => {
    const easyrsa = '/usr/share/easy-rsa/easyrsa';
    if (!needs(existsSync(easyrsa), 'easy-rsa')) context.skip();
    const env = { EASYRSA_BATCH: '1', EASYRSA_REQ_CN: 'easy', EASYRSA_ALGO: 'ec' };
    for (const [name, ...args] of [['easy', 'nopass'], ['easy-encrypted']] as const) {
      const cwd = at(`made-${name}`);
      mkdirSync(cwd);
      const secret = `pass:${PASSWORD}`;
      const password = { EASYRSA_PASSOUT: secret, EASYRSA_PASSIN: secret };
      for (const command of [['init-pki'], ['build-ca', ...args]]) {
        const made = await run(easyrsa, command, { cwd, env: { ...env, ...password } });
        expect(made.status, made.output).toBe(0);
      }
      const open = name === 'easy' ? [] : ['--password-file', '../password'];
      // Not strictly: the root that it makes says that it is one, but not critically.
      await expectImportJudged([], name, [cwd, ...open]);
      await expectImportJudged([], `${name}-pki`, [join(cwd, 'pki'), ...open]);
    }
  });

  test.for(['ecdsa', 'rsa'])('cfssl: its folder, %s', async (algo, context) => {
    skipUnless(context, ['cfssl', 'cfssljson']);
    const cwd = at(`made-cfssl-${algo}`);
    mkdirSync(cwd);
    const key = { algo, size: algo === 'rsa' ? 2048 : 256 };
    writeFileSync(join(cwd, 'csr.json'), JSON.stringify({ CN: 'cfssl', key }));
    const command = 'cfssl gencert -initca csr.json | cfssljson -bare ca';
    const made = await run('sh', ['-c', command], { cwd });
    expect(made.status, made.output).toBe(0);
    await expectImport(`cfssl-${algo}`, cwd);
  });

  test('keytool: JKS and PKCS#12', async (context) => {
    skipUnless(context, ['keytool']);
    for (const type of ['JKS', 'PKCS12']) {
      const store = join(folder, `keytool.${type}`);
      const made = await run('keytool', [
        '-genkeypair',
        '-alias',
        'ca',
        '-keyalg',
        'EC',
        '-groupname',
        'secp256r1',
        '-dname',
        `CN=keytool ${type}`,
        '-ext',
        'bc:c',
        '-ext',
        'ku:c=keyCertSign',
        '-validity',
        '99',
        '-storetype',
        type,
        '-keystore',
        store,
        '-storepass',
        PASSWORD,
        '-keypass',
        PASSWORD,
      ]);
      expect(made.status, made.output).toBe(0);
      await expectImport(`keytool-${type.toLowerCase()}`, store, '--password-file', '../password');
    }
  });

  test('NSS: what pk12util exports', async (context) => {
    skipUnless(context, ['certutil', 'pk12util']);
    const db = mkdtempSync(join(folder, 'nss-'));
    const noise = write(db, 'noise', 'x'.repeat(2048));
    await run('certutil', ['-N', '-d', db, '--empty-password']);
    const made = await run(
      'certutil',
      [
        '-S',
        '-d',
        db,
        '-n',
        'ca',
        '-s',
        'CN=NSS CA',
        '-x',
        '-t',
        'C,,',
        '-m',
        '7',
        '-v',
        '3',
        '-z',
        noise,
        '-k',
        'rsa',
        '-g',
        '2048',
        '-2',
        '--extSKID',
        '--keyUsage',
        'critical,certSigning',
      ],
      // CA:TRUE, no path length, critical; then the subject key identifier and that it is not critical.
      { input: 'y\n-1\ny\n0x0102030405060708\nn\n' },
    );
    expect(made.status, made.output).toBe(0);
    const store = join(folder, 'nss.p12');
    const out = await run('pk12util', ['-o', store, '-d', db, '-n', 'ca', '-W', PASSWORD]);
    expect(out.status, out.output).toBe(0);
    await expectImport('nss', store, '--password-file', '../password');
  });
});
