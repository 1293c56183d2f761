/** Files of keys and certificates that other projects ship, from package registries; each set fetched once. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from '../helpers/recipe-server.ts';
import { findProgram, type Ended, run } from '../helpers/run.ts';

export interface Corpus {
  readonly name: string;
  /** Absolute paths, in a fixed order. */
  readonly files: readonly string[];
}

/** Those of the registries that can be reached from here. */
export async function corpora(): Promise<Corpus[]> {
  const found: Corpus[] = [];
  for (const [name, fill] of sources) {
    const folder = await cached(name, fill);
    if (folder === undefined) console.warn(`skipped: cannot fetch ${name}`);
    else found.push({ name, files: filesIn(folder) });
  }
  return found;
}

const NPM = ['browser-sync@3.0.4', 'spdy-keys@0.0.0', 'jks-js@1.1.7'];
const MAVEN = [
  'io.undertow:undertow-core:2.3.18.Final:jar:tests',
  'org.apache.wss4j:wss4j-ws-security-common:3.0.4:jar:tests',
];

const sources: readonly (readonly [string, (folder: string) => Promise<Ended>])[] = [
  ['cryptography_vectors-50.0.2', fetchVectors],
  ['debian-openssl', (folder) => fetchDebian(folder, 'openssl')],
  ['debian-gnutls28', (folder) => fetchDebian(folder, 'gnutls28')],
  ['npm-keys', fetchNpm],
  ['maven-keys', fetchMaven],
];

async function fetchVectors(folder: string): Promise<Ended> {
  const pip = ['-m', 'pip', 'download', '-q', '--no-deps', '-d', folder];
  const got = await run('python3', [...pip, 'cryptography_vectors==50.0.2'], LONG);
  return got.status === 0 ? unzipAll(folder, '.whl') : got;
}

/** A source package of Debian, unpacked, without a change to what this machine has for apt. */
async function fetchDebian(folder: string, name: string): Promise<Ended> {
  if (findProgram('dpkg-source') === undefined || findProgram('apt-get') === undefined)
    return { status: 1, output: 'no dpkg-source (dpkg-dev)' };
  const lists = join(folder, 'lists');
  mkdirSync(join(lists, 'partial'), { recursive: true });
  const list = join(folder, 'sources.list');
  writeFileSync(list, 'deb-src http://deb.debian.org/debian bookworm main\n');
  const own = { sourcelist: list, sourceparts: '/dev/null' };
  const options = [
    ...Object.entries(own).map(([key, value]) => `Dir::Etc::${key}=${value}`),
    `Dir::State::lists=${lists}`,
    ...['Dir::Cache::pkgcache=', 'Dir::Cache::srcpkgcache='],
  ].flatMap((it) => ['-o', it]);
  const updated = await run('apt-get', [...options, 'update', '-qq'], LONG);
  if (updated.status !== 0) return updated;
  const got = ['source', '-qq', '--download-only', name];
  const downloaded = await run('apt-get', [...options, ...got], { ...LONG, cwd: folder });
  if (downloaded.status !== 0) return downloaded;
  const archive = readdirSync(folder).find((it) => /\.orig\.tar\.(?:gz|xz)$/.test(it)) ?? '';
  return run('tar', ['xf', archive, '--wildcards', '*/test*/*'], { ...LONG, cwd: folder });
}

async function fetchNpm(folder: string): Promise<Ended> {
  const packed = await run('npm', ['pack', '--silent', ...NPM], { ...LONG, cwd: folder });
  if (packed.status !== 0) return packed;
  for (const archive of readdirSync(folder).filter((it) => it.endsWith('.tgz'))) {
    const into = join(folder, archive.replace(/\.tgz$/, ''));
    mkdirSync(into);
    const unpacked = await run('tar', ['xzf', join(folder, archive), '-C', into]);
    if (unpacked.status !== 0) return unpacked;
  }
  return packed;
}

async function fetchMaven(folder: string): Promise<Ended> {
  if (findProgram('mvn') === undefined) return { status: 1, output: 'no maven' };
  for (const artifact of MAVEN) {
    const copy = ['dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`];
    const got = await run('mvn', ['-q', '-B', ...copy], LONG);
    if (got.status !== 0) return got;
  }
  return unzipAll(folder, '.jar');
}

const LONG = { timeoutMs: 240_000 };

async function unzipAll(folder: string, ending: string): Promise<Ended> {
  let last: Ended = { status: 1, output: `nothing that ends in ${ending}` };
  for (const archive of readdirSync(folder).filter((it) => it.endsWith(ending))) {
    const into = join(folder, archive.slice(0, -ending.length));
    last = await run('python3', ['-m', 'zipfile', '-e', join(folder, archive), into], LONG);
    if (last.status !== 0) return last;
  }
  return last;
}

const OF_KEYS =
  /\.(?:pem|crt|cer|der|key|pub|p12|pfx|p7b|p7c|csr|req|crl|jks)$|[./](?:keystore|truststore)$/i;
/** No file of keys is larger. */
const MAX_BYTES = 2_000_000;

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => OF_KEYS.test(name))
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile() && statSync(file).size <= MAX_BYTES)
    .sort();
}
