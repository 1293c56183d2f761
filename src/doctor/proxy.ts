/** Proxies that answer in the place of servers: a company's, an agent's, a virus scanner's. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { rootCertificates } from 'node:tls';
import { quoteForPosix } from '../../platform/quote.ts';
import { systemRoots } from '../../platform/system-roots.ts';
import { ADDING, NPM, readText, REPLACING } from '../commands/environment.ts';
import type { Context } from '../commands/context.ts';
import { say } from '../errors.ts';
import { AUTHORITY_ORGANIZATION } from '../policy.ts';
import { isInterceptor } from '../verify/causes.ts';
import { finding, type Finding } from './finding.ts';
import type { Check } from './machine.ts';

export const proxyCheck: Check = {
  id: 'proxy',
  about: 'proxies',
  run: ({ context, project }) => [...throughProxy(context, project.names), ...roots(context)],
};

const PROXIES = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'];
const EXCEPTIONS = ['NO_PROXY', 'no_proxy'];

/** Names of this machine that programs would ask a proxy for: it knows no such server, or answers itself. */
function throughProxy({ host }: Context, names: readonly string[]): Finding[] {
  const { env } = host;
  const set = PROXIES.find((name) => (env[name] ?? '') !== '');
  if (set === undefined) return [];
  const said = EXCEPTIONS.map((name) => env[name] ?? '').filter((value) => value !== '');
  const isLeftOut = (name: string) => said.length > 0 && said.every((it) => excepts(it, name));
  const wanted = names.length === 0 ? ['localhost'] : names.filter((name) => isIP(name) === 0);
  const asked = wanted.map((name) => name.replace(/^\*\./, '')).filter((it) => !isLeftOut(it));
  if (asked.length === 0) return [];
  const all = [...new Set([...said.flatMap(entriesOf), ...asked])].join(',');
  const value = quoteForPosix(all);
  const cure =
    host.platform === 'win32'
      ? `$env:NO_PROXY = '${all}'`
      : `export NO_PROXY=${value} no_proxy=${value}`;
  const what = `${set} has programs ask a proxy for ${asked.join(', ')}`;
  return [finding('proxy', names.length === 0 ? 'note' : 'other', what, cure)];
}

function entriesOf(value: string): string[] {
  return value.split(/[\s,]+/).filter((it) => it !== '');
}

/** As curl, Python and Go agree on it: a name, with or without a dot in front, stands for all below it, too. */
function excepts(value: string, name: string): boolean {
  return entriesOf(value.toLowerCase()).some((entry) => {
    if (entry === '*') return true;
    const domain = entry.replace(/:\d+$/, '').replace(/^\*?\./, '');
    return name === domain || name.endsWith(`.${domain}`);
  });
}

/** Most that are told of: a company may have a dozen. */
const MOST = 3;

/** Roots of such proxies among the system's; and any that is not public in the files that variables name. */
function roots({ host, cwd }: Context): Finding[] {
  const system = certificatesIn(systemRoots(host));
  const all = [...system, ...certificatesIn(rootCertificates.join('\n'))];
  const known = new Set(all.map(({ fingerprint256 }) => fingerprint256));
  // By its fingerprint, where each was seen first.
  const found = new Map<string, string>();
  const see = ({ subject, fingerprint256 }: X509Certificate, where: string) => {
    if (subject.includes(`O=${AUTHORITY_ORGANIZATION}`) || found.has(fingerprint256)) return;
    const who = subject.replaceAll('\n', ', ').slice(0, 120);
    found.set(fingerprint256, `${where} a root that can answer in the place of servers: ${who}`);
  };
  for (const it of system) if (isInterceptor(it.subject)) see(it, 'the system trusts');
  for (const name of [...ADDING, ...REPLACING, ...NPM]) {
    const value = host.env[name];
    const text = value === undefined || value === '' ? '' : readText(resolve(cwd, value));
    for (const it of certificatesIn(text ?? ''))
      if (!known.has(it.fingerprint256)) see(it, `${name} adds`);
  }
  const cure = say`who answers for a server, says: ${{ command: 'verify', names: 'HOST:PORT' }}`;
  const told = [...found.values()].slice(0, MOST);
  return told.map((what) => finding('proxy', 'note', what, cure));
}

function certificatesIn(text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((pem) => {
    try {
      return [new X509Certificate(pem)];
    } catch {
      return []; // whoever reads the file passes over it, too
    }
  });
}
