/** What a verification is of. */
import type { X509Certificate } from 'node:crypto';
import type { Name } from '../names/names.ts';
import type { World } from './causes.ts';
import type { Contact } from './contact.ts';
import type { Roots } from './roots.ts';
import type { Server } from './target.ts';

/** What is verified, for what, and by whom. */
export interface VerdictInput {
  readonly target: string;
  readonly server?: Server;
  readonly contact?: Contact;
  /** DER of each certificate, in the order sent; the first one is the leaf. */
  readonly sent: readonly Buffer[];
  readonly name?: Name;
  readonly purpose: 'server' | 'client';
  readonly at: Date;
  readonly roots: Roots;
  /** DER of lists of revoked certificates; undefined: revocation is not looked at. */
  readonly crls?: readonly Buffer[] | undefined;
  /** For the cause, where no path leads to a root. */
  readonly world: (systemTrusts: boolean) => World;
  readonly systemRoots: () => Promise<readonly X509Certificate[]>;
}
