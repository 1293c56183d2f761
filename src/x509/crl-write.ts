/** Writing a CRL (RFC 5280 5.1). Reading is in `crl.ts`. */
import { contextTag, integer, sequence, time } from './der.ts';
import { authorityKeyIdentifier, crlNumber } from './extensions.ts';
import type { IssuedBy } from './profiles.ts';

export interface CrlFields {
  readonly issuedBy: IssuedBy;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** Higher than that of the one before. */
  readonly number: number;
  readonly revoked: readonly RevokedSerial[];
}

interface RevokedSerial {
  /** Hex, as `X509Certificate` has it. */
  readonly serialNumber: string;
  readonly at: Date;
}

/** What is signed of a CRL, DER. @param algorithm AlgorithmIdentifier of the signature that it will have. */
export function encodeTbsCrl(fields: CrlFields, algorithm: Buffer): Buffer {
  const { issuedBy, thisUpdate, nextUpdate, number, revoked } = fields;
  const entries = revoked.map(({ serialNumber, at }) =>
    sequence(integer(Buffer.from(serialNumber, 'hex')), time(at)),
  );
  return sequence(
    integer(1), // v2
    algorithm,
    issuedBy.subject,
    time(thisUpdate),
    time(nextUpdate),
    // 5.1.2.6: absent where there are none.
    entries.length === 0 ? undefined : sequence(...entries),
    contextTag(
      0,
      true,
      sequence(authorityKeyIdentifier(issuedBy.keyIdentifier), crlNumber(number)),
    ),
  );
}
