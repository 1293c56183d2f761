/** C2SP's x509-limbo: no registry carries it, so its file is named by whoever has it. */
import { readFileSync } from 'node:fs';
import { DevcertError } from '../../src/errors.ts';
import { type Name, parseName } from '../../src/names/names.ts';
import { type Case, derOf } from './cases.ts';

/** Path of `limbo.json`. */
export const LIMBO = process.env.DEVCERT_TEST_LIMBO;

interface Limbo {
  readonly testcases: readonly {
    readonly id: string;
    readonly validation_kind: 'SERVER' | 'CLIENT';
    readonly trusted_certs: readonly string[];
    readonly untrusted_intermediates: readonly string[];
    readonly peer_certificate: string;
    readonly validation_time: string | null;
    readonly expected_result: 'SUCCESS' | 'FAILURE';
    readonly expected_peer_name: { readonly kind: string; readonly value: string } | null;
  }[];
}

/** Its own cases; those of BetterTLS that it repeats are left to the other file. */
export function limbo(file: string): Case[] {
  const { testcases } = JSON.parse(readFileSync(file, 'utf8')) as Limbo;
  return testcases
    .filter(({ id }) => !id.startsWith('bettertls::'))
    .map((it): Case => {
      const name = it.validation_kind === 'SERVER' ? nameOf(it.expected_peer_name) : undefined;
      return {
        id: `limbo/${it.id}`,
        sent: [it.peer_certificate, ...it.untrusted_intermediates].map(derOf),
        roots: it.trusted_certs.map(derOf),
        ...(name === undefined ? {} : { name }),
        purpose: it.validation_kind === 'SERVER' ? 'server' : 'client',
        at: it.validation_time === null ? new Date() : new Date(it.validation_time),
        expected: it.expected_result === 'SUCCESS' ? 'accept' : 'reject',
      };
    });
}

function nameOf(name: { readonly kind: string; readonly value: string } | null): Name | undefined {
  if (name === null) return undefined;
  try {
    return parseName(name.value, { client: true });
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    // Nobody can ask for it: the command refuses it, and so nothing is verified.
    return { type: 'dns', value: ' ' };
  }
}
