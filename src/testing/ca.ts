/** A CA in memory for tests, and what it issues: good, or broken in exactly one way. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { checked, optionsOf, type Spec, textOf, textsOf, wrongType } from '../api/arguments.ts';
import { generateKeyPair, keyIdentifier } from '../keys.ts';
import { commonNameOf } from '../names/common-name.ts';
import { DEFAULT_KEY_TYPE, type LeafRequest, parseLeafRequest } from '../names/request.ts';
import { BACKDATE_MS, DAY_MS, TEST_ORGANIZATION } from '../policy.ts';
import { leafFields } from '../x509/profiles.ts';
import { encodeSubject } from '../x509/subject.ts';
import {
  certificatePem,
  crlPem,
  makeTestAuthority,
  signAs,
  type TestAuthority,
} from './authority.ts';
import { type TestFiles, writeFiles } from './files.ts';
import { type BrokenKind, kindOf } from './kinds.ts';
import type { TestCa, TestCaOptions, TestLeaf, TestLeafOptions, TestNames } from './types.ts';

/**
 * A new CA in memory: a root and an intermediate, P-256, in a few milliseconds. It may certify every name, so
 * nothing but a test is to trust it. Writes no file, reads none, and knows nothing of devcert's own CA.
 *
 * @throws DevcertError `usage` for an argument of another type.
 */
export function createTestCa(options: TestCaOptions = {}): TestCa {
  const { name = 'test root' } = checked(options, { name: 'text' });
  return new MemoryCa(makeTestAuthority(TEST_ORGANIZATION, name, new Date()));
}

/** Of the subject of every leaf. */
export const LEAF_ORGANIZATION = 'devcert test certificate';

const leafSpec: Spec<Omit<TestLeafOptions, 'notBefore' | 'notAfter'>> = {
  ...{ client: 'boolean', peer: 'boolean', cn: 'text', key: 'text' },
};

/** A leaf's request with its dates. */
interface Wanted {
  readonly request: LeafRequest;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

class MemoryCa implements TestCa {
  readonly cert: string;
  readonly intermediate: string;
  readonly #authority: TestAuthority;
  readonly #revoked: { serialNumber: string; at: Date }[] = [];
  #crlNumber = 0;
  #stranger: TestAuthority | undefined;

  constructor(authority: TestAuthority) {
    this.#authority = authority;
    this.cert = authority.rootPem;
    this.intermediate = authority.issuerPem;
  }

  get crl(): string[] {
    const { issuedBy, key, rootCrl, notAfter } = this.#authority;
    const thisUpdate = new Date(Date.now() - BACKDATE_MS);
    const fields = {
      ...{ issuedBy, thisUpdate, nextUpdate: notAfter },
      ...{ number: ++this.#crlNumber, revoked: this.#revoked },
    };
    return [crlPem(fields, key), rootCrl];
  }

  leaf(names: TestNames, options: TestLeafOptions = {}): TestLeaf {
    return this.#issue(wantedOf(names, options));
  }

  client(names: TestNames, options: TestLeafOptions = {}): TestLeaf {
    return this.leaf(names, { ...options, client: true });
  }

  broken(kind: BrokenKind, names: TestNames, options: TestLeafOptions = {}): TestLeaf {
    const wanted = wantedOf(names, options);
    return { ...this.#break(kindOf(textOf(kind, 'the kind')), wanted), broken: kind };
  }

  expired(...of: Rest): TestLeaf {
    return this.broken('expired', ...of);
  }
  notYetValid(...of: Rest): TestLeaf {
    return this.broken('not-yet-valid', ...of);
  }
  wrongName(...of: Rest): TestLeaf {
    return this.broken('wrong-name', ...of);
  }
  selfSigned(...of: Rest): TestLeaf {
    return this.broken('self-signed', ...of);
  }
  unknownAuthority(...of: Rest): TestLeaf {
    return this.broken('unknown-authority', ...of);
  }
  missingIssuer(...of: Rest): TestLeaf {
    return this.broken('missing-issuer', ...of);
  }
  wrongPurpose(...of: Rest): TestLeaf {
    return this.broken('wrong-purpose', ...of);
  }
  weakKey(...of: Rest): TestLeaf {
    return this.broken('weak-key', ...of);
  }
  weakSignature(...of: Rest): TestLeaf {
    return this.broken('weak-signature', ...of);
  }
  revoked(...of: Rest): TestLeaf {
    return this.broken('revoked', ...of);
  }

  revoke({ serialNumber }: Pick<TestLeaf, 'serialNumber'>): void {
    if (!/^[0-9a-f]{2,40}$/i.test(serialNumber)) throw wrongType('the leaf', 'one of this CA');
    this.#revoked.push({ serialNumber, at: new Date(Date.now() - BACKDATE_MS) });
  }

  files(): TestFiles {
    return writeFiles(this.cert);
  }

  #break(kind: BrokenKind, wanted: Wanted): TestLeaf {
    const { request } = wanted;
    const now = Date.now();
    const isServer = request.usages.includes('serverAuth');
    switch (kind) {
      case 'expired':
        return this.#issue({ ...wanted, ...days(now, -60, -30) });
      case 'not-yet-valid':
        // A file of it is to be so next year, too.
        return this.#issue({ ...wanted, ...days(now, 8 * 365, 9 * 365) });
      case 'wrong-name': {
        const { names } = isServer
          ? parseLeafRequest(['wrong-name.invalid'])
          : parseLeafRequest(['somebody-else'], { client: true });
        return this.#issue({ ...wanted, request: { ...request, names } });
      }
      case 'self-signed':
        return this.#issue(wanted, { by: 'itself' });
      case 'unknown-authority':
        this.#stranger ??= makeTestAuthority('nobody knows this CA', 'unknown root', new Date());
        return this.#issue(wanted, { by: this.#stranger });
      case 'missing-issuer':
        return this.#issue(wanted, { alone: true });
      case 'wrong-purpose': {
        const usages = [isServer ? 'clientAuth' : 'serverAuth'] as const;
        return this.#issue({ ...wanted, request: { ...request, usages } });
      }
      case 'weak-key':
        return this.#issue(wanted, { weakKey: true });
      case 'weak-signature':
        return this.#issue(wanted, { weakly: true });
      case 'revoked': {
        const leaf = this.#issue(wanted);
        this.revoke(leaf);
        return leaf;
      }
    }
  }

  #issue({ request, notBefore, notAfter }: Wanted, how: How = {}): TestLeaf {
    const { by = this.#authority } = how;
    const type = how.weakKey === true ? 'rsa1024' : (request.keyType ?? DEFAULT_KEY_TYPE);
    // What signs itself has to be able to.
    const { publicKey, keyPem } = generateKeyPair(by === 'itself' ? DEFAULT_KEY_TYPE : type);
    const subject = encodeSubject({
      organization: LEAF_ORGANIZATION,
      commonName: commonNameOf(request),
    });
    const own = { subject, keyIdentifier: keyIdentifier(publicKey) };
    const fields = leafFields({
      issuedBy: by === 'itself' ? own : by.issuedBy,
      ...{ subject, key: publicKey, notBefore, notAfter },
      ...{ names: request.names, usages: request.usages },
    });
    const signer = by === 'itself' ? createPrivateKey(keyPem) : by.key;
    const der = signAs(fields, signer, how.weakly);
    const chain = by === 'itself' || how.alone === true ? '' : by.issuerPem;
    const x509 = new X509Certificate(der);
    const pair = { key: keyPem, cert: certificatePem(der) + chain };
    return {
      ...pair,
      names: request.names.map(({ value }) => value),
      notBefore: new Date(x509.validFrom),
      notAfter: new Date(x509.validTo),
      serialNumber: x509.serialNumber,
      broken: undefined,
      files: () => writeFiles(this.cert, pair),
    };
  }
}

type Rest = [names: TestNames, options?: TestLeafOptions];

interface How {
  readonly by?: TestAuthority | 'itself';
  /** Without what is between it and the root. */
  readonly alone?: boolean;
  readonly weakKey?: boolean;
  readonly weakly?: boolean;
}

function wantedOf(names: TestNames, options: TestLeafOptions): Wanted {
  const { notBefore, notAfter, ...typed } = optionsOf(options);
  const ordinary = days(Date.now(), -BACKDATE_MS / DAY_MS, 30);
  const dates = {
    notBefore: dateOf(notBefore, '"notBefore"') ?? ordinary.notBefore,
    notAfter: dateOf(notAfter, '"notAfter"') ?? ordinary.notAfter,
  };
  return { ...dates, request: parseLeafRequest(textsOf(names, 'names'), checked(typed, leafSpec)) };
}

function dateOf(value: unknown, what: string): Date | undefined {
  if (value === undefined) return undefined;
  // By what it can do: a Date of another realm, as in Jest, is none of ours.
  const time = Object.prototype.toString.call(value) === '[object Date]' ? Number(value) : NaN;
  if (!Number.isNaN(time)) return new Date(time);
  throw wrongType(what, 'a date');
}

function days(now: number, from: number, to: number) {
  return { notBefore: new Date(now + from * DAY_MS), notAfter: new Date(now + to * DAY_MS) };
}
