/** Chains that other people made to find false accepts, and what is to come of each. */
import { X509Certificate } from 'node:crypto';
import type { Name } from '../../src/names/names.ts';
import { verdict } from '../../src/verify/verdict.ts';

export interface Case {
  readonly id: string;
  /** DER, the leaf first. */
  readonly sent: readonly Buffer[];
  readonly roots: readonly Buffer[];
  readonly name?: Name;
  readonly purpose: 'server' | 'client';
  /** Undefined: now. */
  readonly at?: Date;
  readonly expected: 'accept' | 'reject';
}

/** What verify says of it: no code if it was verified. */
export interface Answer {
  readonly id: string;
  readonly expected: Case['expected'];
  readonly codes: readonly string[];
}

/** Each case through the same function that the command uses. */
export async function judge(cases: readonly Case[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const { id, sent, roots, name, purpose, at, expected } of cases) {
    const certificates = roots.flatMap((der) => read(der) ?? []);
    const result = await verdict({
      ...{ target: id, sent, purpose, at: at ?? new Date() },
      ...(name === undefined ? {} : { name }),
      roots: { label: 'cases', certificates },
      world: (systemTrusts) => ({
        ...{ known: [], retired: [], isIssuedHere: () => false, systemTrusts },
        asked: { label: 'cases', ca: 'default' },
      }),
      systemRoots: () => Promise.resolve([]),
    });
    const codes = result.problems.filter(({ severity }) => severity === 'error');
    if (result.isVerified !== (codes.length === 0)) throw new Error(`${id}: no code, not verified`);
    answers.push({ id, expected, codes: [...new Set(codes.map(({ code }) => code))] });
  }
  return answers;
}

/** A root that cannot be read is one that nobody has. */
function read(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

/** DER of a PEM certificate. */
export function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
}
