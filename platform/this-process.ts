/** What the TLS clients of this process trust, while it runs. */
import { syncBuiltinESMExports } from 'node:module';
import tls from 'node:tls';
import { DevcertError, say } from '../src/errors.ts';

/** Of Node.js 22.19 and 24.5 on. */
interface Defaults {
  readonly getCACertificates?: (type: 'default') => string[];
  readonly setDefaultCACertificates?: (certificates: readonly string[]) => void;
}

/** Those that contexts get here where Node.js has no list of its own to add to. PEM. */
const added = new Set<string>();

/**
 * Has every TLS client of this thread that names no CA of its own (`https`, `fetch`, `tls`, `http2`) trust a root
 * besides what it trusted before, from its next connection on. Twice is once.
 *
 * @param pem of the root.
 * @throws DevcertError `refused` in Bun and Deno, whose `fetch` takes its roots when they start.
 */
export function trustInThisProcess(pem: string): void {
  const { bun, deno } = process.versions;
  if (bun !== undefined || deno !== undefined)
    throw new DevcertError(
      'refused',
      `${bun === undefined ? 'Deno' : 'Bun'} takes the roots that it trusts when it starts`,
      { hint: say`start it with them: ${{ command: 'run', names: ['--', 'COMMAND'] }}` },
    );
  const known: typeof tls & Defaults = tls;
  const { getCACertificates: get, setDefaultCACertificates: set } = known;
  if (get !== undefined && set !== undefined) {
    const before = get('default');
    if (!before.some((it) => it.trim() === pem.trim())) set([...before, pem]);
    return;
  }
  if (added.size === 0) addToContexts();
  added.add(pem);
}

/** Before these versions there is one door that all of them go through, and a method of what comes out of it. */
function addToContexts(): void {
  const create = tls.createSecureContext;
  tls.createSecureContext = (options) => {
    const made = create(options);
    const context = made.context as { addCACert(pem: string): void };
    // As Node.js does it: nothing, and what is as good as nothing, stands for the roots that it brings.
    if (!options?.ca) for (const pem of added) context.addCACert(pem);
    return made;
  };
  // For who imported it by its name.
  syncBuiltinESMExports();
}
