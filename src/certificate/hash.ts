/** The hash of a certificate in the forms that programs take. Pure. */

export interface CertificateHash {
  /** 64 hex digits. */
  readonly hex: string;
  readonly base64: string;
  /** An expression: `new Uint8Array([…])`. */
  readonly javascript: string;
}

/** The same hash three times. @param sha256 of the certificate's DER: 64 hex digits. */
export function certificateHash(sha256: string): CertificateHash {
  const bytes = Buffer.from(sha256, 'hex');
  return {
    hex: sha256,
    base64: bytes.toString('base64'),
    javascript: `new Uint8Array([${[...bytes].join(', ')}])`,
  };
}
