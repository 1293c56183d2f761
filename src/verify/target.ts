/** What `verify`, `inspect` and `mtls check` are pointed at: a server or a file. Pure. */
import { DevcertError, say, type Step } from '../errors.ts';
import { parseName } from '../names/names.ts';
import { type StartTls, startTlsOfPort, startTlsProtocols } from '../tls/starttls.ts';

/** A server, by the name or address it is reached by. */
export interface Server {
  /** Canonical: A-labels, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** How TLS begins there; undefined: at once. */
  readonly startTls?: StartTls;
}

/**
 * The server that the text names: `HOST:PORT`, or a URL of a scheme that means TLS or can begin with it.
 *
 * @returns undefined for a text of any other form: it may be a file.
 * @throws DevcertError `usage` for a port or host that is none.
 */
export function serverIn(text: string, example: Step): Server | undefined {
  const url = /^([a-z][a-z0-9+.-]*):\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(text);
  const usual = url === null ? undefined : usualPorts[(url[1] ?? '').toLowerCase()];
  if (url !== null && usual === undefined)
    throw notServer(text, say`https://HOST, or HOST:PORT: ${example}`);
  const [, inBrackets, name, digits] =
    /^(?:\[([0-9a-f:.]+)\]|([^\s/:\\[\]]+))(?::(\d{1,5}))?$/i.exec(url?.[2] ?? text) ?? [];
  const host = inBrackets ?? name;
  const port = digits === undefined ? usual : Number(digits);
  if (host === undefined || port === undefined) {
    if (url === null) return undefined;
    throw notServer(text, example);
  }
  if (port < 1 || port > 65_535) throw notServer(text, example);
  const canonical = canonicalHost(text, host, example);
  return { host: canonical, port, startTls: startTlsOfPort(usual ?? port) };
}

/** The server with the protocol that was named, if any was. @throws DevcertError `usage` for an unknown one. */
export function startTlsOf(server: Server, starttls: string | undefined): Server {
  if (starttls === undefined) return server;
  const { host, port } = server;
  if (starttls === 'none') return { host, port };
  const protocol = startTlsProtocols.find((it) => it === starttls);
  if (protocol !== undefined) return { host, port, startTls: protocol };
  throw new DevcertError('usage', `"${starttls}" is no protocol that can begin with TLS`, {
    hint: { starttls: [...startTlsProtocols, 'none'].join(' | ') },
  });
}

/** The error for what names no server. */
export function notServer(text: string, hint: Step | ReturnType<typeof say>): DevcertError {
  return new DevcertError('usage', `"${text.slice(0, 60)}" is not HOST:PORT`, { hint });
}

/** Of the schemes that mean TLS, or can begin with it as is usual at their port. */
const usualPorts: Readonly<Record<string, number>> = {
  https: 443,
  wss: 443,
  smtps: 465,
  imaps: 993,
  ldaps: 636,
  mqtts: 8883,
  rediss: 6379,
  amqps: 5671,
  postgres: 5432,
  postgresql: 5432,
  mysql: 3306,
  mariadb: 3306,
  smtp: 25,
  imap: 143,
  ldap: 389,
};

function canonicalHost(text: string, host: string, example: Step): string {
  try {
    const name = parseName(host.replace(/\.$/, ''));
    if ((name.type === 'dns' && !name.value.startsWith('*')) || name.type === 'ip')
      return name.value;
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
  }
  throw notServer(text, example);
}
