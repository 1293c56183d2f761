/** What OpenSSL says of a handshake that did not come about: its words change with its version. */
import { expect, test } from 'vitest';
import { readFlight } from '../../src/tls/flight.ts';
import { failureCause } from '../../src/verify/failures.ts';

const hello = Buffer.from('160303000402000000', 'hex');
const server = { host: 'localhost', port: 8443 };

const cause = (code: string) =>
  failureCause(
    {
      ...{ agreed: undefined, failure: { code, detail: '' } },
      ...{ flight: readFlight(hello), received: hello },
    },
    server,
    'localhost',
  )?.code;

test.each([
  ['ERR_SSL_BAD_SIGNATURE', 'wrong-key'], // of Node 20
  ['ERR_SSL_PROVIDER_SIGNATURE_FAILURE', 'wrong-key'], // of Node 22.23 and 24
  ['ERR_SSL_DH_KEY_TOO_SMALL', 'tls-weak'],
  ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', undefined],
])('failureCause() takes %s for %s', (code, told) => {
  expect(cause(code)).toBe(told);
});
