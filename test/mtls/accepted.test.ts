/** Which authorities a server names in its CertificateRequest. */
import { describe, expect, test } from 'vitest';
import { readCertificateRequest } from '../../src/mtls/accepted.ts';

describe('readCertificateRequest()', () => {
  test('gives undefined for whatever is none', () => {
    for (const hex of [
      '',
      '16',
      '1603030000',
      '160303000401000000',
      '16030300080d0000040101',
      '1503030002022a',
    ])
      expect(readCertificateRequest(Buffer.from(hex, 'hex'))).toBeUndefined();
  });
});
