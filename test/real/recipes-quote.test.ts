/** Paths in recipes, read back by the programs whose languages they are written in. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DevcertError } from '../../src/errors.ts';
import * as quote from '../../src/recipes/quote.ts';
import { freshHome } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/host.ts';
import { needs } from '../helpers/require.ts';
import { findProgram, run } from '../helpers/run.ts';

/** Folders: each means something in one of the languages. */
const FOLDERS = [
  ...[
    'a b',
    "it's",
    'a"b',
    'a\\b',
    'a\\nb',
    'a\\"b',
    '$HOME',
    'a${b}',
    'a$(id)',
    '`id`',
    'a#b',
    'a;b',
  ],
  ...[
    'a&b',
    'a%41b',
    '%{b}',
    '{b}',
    'a{{b}}',
    'ä日🎉',
    '-a',
    'a,b',
    'a:b',
    'a=b',
    '!a',
    '~',
    'a*',
    '<b>',
  ],
];

/** What is written for each path, and the paths for which nothing is: the language has no way. */
function written(write: (path: string) => string, paths: readonly string[]) {
  const literals: { path: string; literal: string }[] = [];
  const refused: string[] = [];
  for (const path of paths)
    try {
      literals.push({ path, literal: write(path) });
    } catch (error) {
      expect(error).toBeInstanceOf(DevcertError);
      refused.push(path.split('/').at(-2) ?? '');
    }
  return { literals, refused };
}

const PATHS = FOLDERS.map((name) => `/srv/${name}/cert.pem`);

interface Reader {
  readonly language: string;
  readonly write: (path: string) => string;
  readonly program: string;
  /** What the program takes the literals for, one in a line. */
  readonly read: (literals: readonly string[], folder: string) => Promise<string>;
  /** Folders that cannot be expressed. */
  readonly refused?: readonly string[];
}

async function output(file: string, args: readonly string[], input?: string): Promise<string> {
  const env = { LC_ALL: 'C.UTF-8' };
  const ran = await run(file, args, { env, ...(input === undefined ? {} : { input }) });
  expect(ran.status, ran.output).toBe(0);
  return ran.output;
}

/** One program for all literals, of a line for each. */
const script =
  (file: string, args: readonly string[], line: (literal: string) => string, head = '') =>
  (literals: readonly string[]) =>
    output(file, args, `${head}${literals.map(line).join('\n')}\n`);

const JAVA = `import java.io.*; import java.util.*; public class Read { public static void main(String[] a) throws Exception {
  var properties = new Properties(); properties.load(new FileInputStream(a[0]));
  for (int i = 0; i < properties.size(); i++) System.out.println(properties.getProperty("k" + i)); } }`;

const readers: readonly Reader[] = [
  {
    language: 'JavaScript',
    write: quote.doubleQuoted,
    program: 'node',
    read: script('node', ['-'], (it) => `console.log(${it})`),
  },
  {
    language: 'Python',
    write: quote.doubleQuoted,
    program: 'python3',
    read: script('python3', ['-'], (it) => `print(${it})`),
  },
  {
    language: 'YAML',
    write: quote.doubleQuoted,
    program: 'ruby',
    read: script('ruby', ['-ryaml', '-e', 'puts YAML.load(STDIN.read)'], (it) => `- ${it}`),
  },
  {
    language: 'sh',
    write: quote.shell,
    program: 'sh',
    read: script('sh', ['-s'], (it) => `printf '%s\\n' ${it}`),
  },
  {
    language: 'PHP',
    write: quote.singleQuoted,
    program: 'php',
    read: script('php', [], (it) => `echo ${it}, "\\n";`, '<?php '),
  },
  {
    language: 'Ruby',
    write: quote.singleQuoted,
    program: 'ruby',
    read: script('ruby', ['-'], (it) => `puts ${it}`),
  },
  {
    language: 'XML',
    write: quote.xml,
    program: 'python3',
    read: async (literals) =>
      output(
        'python3',
        [
          '-c',
          'import sys, xml.etree.ElementTree as e\nfor i in e.parse(sys.stdin).getroot(): print(i.get("p"))',
        ],
        `<r>${literals.map((it) => `<i p=${it}/>`).join('')}</r>`,
      ),
  },
  {
    language: 'a .properties file',
    write: quote.properties,
    program: 'java',
    refused: ['a${b}'],
    read: async (literals, folder) => {
      const file = join(folder, 'file.properties');
      writeFileSync(file, literals.map((it, index) => `k${String(index)}=${it}\n`).join(''));
      writeFileSync(join(folder, 'Read.java'), JAVA);
      return output('java', ['-Dstdout.encoding=UTF-8', join(folder, 'Read.java'), file]);
    },
  },
  {
    language: 'a Compose file',
    write: quote.compose,
    program: 'ruby',
    // Compose takes two $ for one, after it has read the YAML.
    read: async (literals) =>
      (
        await script(
          'ruby',
          ['-ryaml', '-e', 'puts YAML.load(STDIN.read)'],
          (it) => `- ${it}`,
        )(literals)
      ).replaceAll('$$', '$'),
  },
  {
    language: "MySQL's option files",
    write: quote.mysql,
    program: 'my_print_defaults',
    refused: ['a"b', 'a\\"b', 'a#b'],
    read: async (literals, folder) => {
      const file = join(folder, 'my.cnf');
      writeFileSync(file, `[mysqld]\n${literals.map((it) => `ssl_cert = ${it}\n`).join('')}`);
      const printed = await output('my_print_defaults', [`--defaults-file=${file}`, 'mysqld']);
      return printed.replace(/^--ssl_cert=/gm, '');
    },
  },
  {
    language: 'a Caddyfile',
    write: quote.caddy,
    program: 'caddy',
    refused: ['a\\"b', 'a${b}', '%{b}', '{b}', 'a{{b}}'],
    read: async (literals, folder) => {
      const file = join(folder, 'Caddyfile');
      const sites = literals.map(
        (it, index) => `https://${String(1000 + index)}.test {\n\ttls ${it} ${it}\n}\n`,
      );
      writeFileSync(file, sites.join(''));
      const args = ['adapt', '--adapter', 'caddyfile', '--config', file];
      const adapted = /^\{.*\}$/m.exec(await output('caddy', args))?.[0] ?? '';
      const { apps } = JSON.parse(adapted) as {
        apps: { tls: { certificates: { load_files: { certificate: string }[] } } };
      };
      return apps.tls.certificates.load_files.map(({ certificate }) => `${certificate}\n`).join('');
    },
  },
];

describe('a path is read back as it was', () => {
  for (const { language, write, program, read, refused = [] } of readers)
    test(`in ${language}`, async (context) => {
      if (!needs(findProgram(program) !== undefined, program)) context.skip();
      const { literals, refused: without } = written(write, PATHS);
      expect(without).toEqual(refused);
      const back = await read(
        literals.map(({ literal }) => literal),
        temporaryFolder(),
      );
      expect(back.split('\n').slice(0, -1)).toEqual(literals.map(({ path }) => path));
    });
});

/** These find a certificate where the path says, or fail. */
const servers: readonly {
  program: string;
  write: (path: string) => string;
  refused?: readonly string[];
  check: (
    pairs: readonly (readonly [string, string])[],
    folder: string,
  ) => Promise<{ status: number; output: string }>;
}[] = [
  {
    program: 'nginx',
    write: quote.nginx,
    refused: ['$HOME', 'a${b}', 'a$(id)'],
    check: (pairs, folder) => {
      const file = join(folder, 'nginx.conf');
      const sites = pairs.map(
        ([cert, key], index) =>
          `server { listen 127.0.0.1:8443 ssl; server_name a${String(index)}.test; ssl_certificate ${cert}; ssl_certificate_key ${key}; }`,
      );
      const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (it) => `${it}_temp_path ${folder};`,
      );
      writeFileSync(
        file,
        `pid ${folder}/pid; events {} http { access_log off; ${paths.join(' ')}\n${sites.join('\n')}\n}`,
      );
      return run(findProgram('nginx') ?? '', ['-t', '-c', file, '-e', 'stderr']);
    },
  },
  {
    program: 'apache2',
    write: quote.apache,
    refused: ['a${b}'],
    check: (pairs, folder) => {
      const file = join(folder, 'apache2.conf');
      const sites = pairs.map(
        ([cert, key], index) =>
          `<VirtualHost *:8443>\nServerName a${String(index)}.test\nSSLEngine on\nSSLCertificateFile ${cert}\nSSLCertificateKeyFile ${key}\n</VirtualHost>`,
      );
      const modules = ['mpm_event', 'authz_core', 'ssl'].map(
        (it) => `LoadModule ${it}_module /usr/lib/apache2/modules/mod_${it}.so`,
      );
      writeFileSync(
        file,
        [
          `ServerRoot ${folder}`,
          `PidFile ${folder}/pid`,
          `ErrorLog ${folder}/log`,
          ...modules,
          'Listen 127.0.0.1:8443',
          ...sites,
        ].join('\n'),
      );
      return run('/usr/sbin/apache2', ['-t', '-f', file]);
    },
  },
  {
    program: 'haproxy',
    write: quote.haproxy,
    check: (pairs, folder) => {
      const file = join(folder, 'haproxy.cfg');
      const binds = pairs.map(([cert]) => `  bind 127.0.0.1:8443 ssl crt ${cert}`);
      writeFileSync(
        file,
        `defaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\nfrontend a\n${binds.join('\n')}\n`,
      );
      return run('/usr/sbin/haproxy', ['-c', '-f', file]);
    },
  },
];

describe('a certificate is found', () => {
  for (const { program, write, refused = [], check } of servers)
    test(`by ${program}, in each folder; and one that is not there is missed`, async (context) => {
      if (!needs(findProgram(program) !== undefined, program)) context.skip();
      const folder = temporaryFolder();
      const { run: devcert } = freshHome();
      const issued = join(folder, 'issued');
      const made = await devcert(['localhost', '--format', 'combined', '--out', issued]);
      expect(made.status, made.stderr).toBe(0);
      const paths = FOLDERS.map((name) => join(folder, name, 'cert.pem'));
      const pair = join(issued, 'combined.pem');
      for (const path of paths) {
        mkdirSync(join(path, '..'));
        cpSync(pair, path);
      }
      const { literals, refused: without } = written(write, paths);
      expect(without).toEqual(refused);
      const pairs = literals.map(({ literal }) => [literal, literal] as const);
      const found = await check(pairs, folder);
      expect(found, found.output).toMatchObject({ status: 0 });
      const missing = write(join(folder, 'not there', 'cert.pem'));
      expect((await check([...pairs, [missing, missing]], folder)).status).not.toBe(0);
    });
});
