/** The names of a certificate as hosts in addresses. Pure. */

/** As it stands before a port: IPv6 addresses in brackets (RFC 3986 3.2.2). */
export function hostOf(name: string): string {
  return name.includes(':') ? `[${name}]` : name;
}

/** The name by which a client on this machine asks: `localhost` if it is there, else the first; for `*.app.test` one below. */
export function askedFor(names: readonly string[]): string {
  const name = names.includes('localhost') ? 'localhost' : (names[0] ?? 'localhost');
  return name.startsWith('*.') ? `app${name.slice(1)}` : name;
}

/** As Vite and webpack list hosts that may be asked for: `.app.test` for `*.app.test`. */
export function allowedHost(name: string): string {
  return name.startsWith('*.') ? name.slice(1) : name;
}
