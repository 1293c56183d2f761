/** `devcert verify HOST:PORT | URL | FILE` */
import { DevcertError } from '../errors.ts';
import { verify, type VerifyOptions } from '../index.ts';
import { caOption, type Declaration, starttlsOption } from './declaration.ts';
import { verifyLines } from './verify-lines.ts';

export const verifyCommand: Declaration = {
  summary: 'is what a server sends, or a file holds, good; and if not, why and what to do',
  description:
    'Shakes hands with a server, shows it step by step, and verifies the certificates as they were sent (or those of a file) as a strict client does: path, signatures, dates, purpose, name, constraints. Revocation is checked by --crl alone. Exit code: 0 verified; 4 no root that was asked vouches for it; 5 expired; 6 weak, revoked, or outside the constraints; 1 anything else.',
  positionals: { '<target>': 'HOST:PORT, a URL, or a file of certificates' },
  options: {
    '--name <name>': 'the name to ask for; that of the server if left out',
    '--roots <roots>': 'whom to trust: "system", or a file; the root of devcert alone if left out',
    '--crl <file>': 'lists of revoked certificates to look into, PEM or DER; none if left out',
    ...caOption,
    '--purpose <purpose>': 'server (if left out) or client',
    '--at <date>': 'as on this day: 2027-01-31; now if left out',
    ...starttlsOption,
    '--timeout <seconds>': 'for each step with the server (default: 10)',
  },
  examples: [
    'devcert verify localhost:8443',
    'devcert verify localhost:5432                     PostgreSQL, by STARTTLS',
    'devcert verify 127.0.0.1:8443 --name api.test',
    'devcert verify https://example.com --roots system',
    'devcert verify .devcert/cert.pem --name api.test --at 2027-06-01',
  ],
  async run(
    [target = ''],
    { timeout, ...options }: Omit<VerifyOptions, 'timeout'> & { timeout?: string },
    terminal,
  ) {
    terminal.progress(`asking ${target}`);
    const result = await verify(target, {
      ...options,
      ...(timeout === undefined ? {} : { timeout: seconds(timeout) }),
    });
    return terminal.show(verifyLines(result, terminal.style), result, result.exitCode);
  },
};

function seconds(text: string): number {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text);
  throw new DevcertError('usage', `"${text}" is no number of seconds`, { hint: '--timeout 10' });
}
