import { describe, expect, test } from 'vitest';
import { checked, textsOf } from '../../src/api/arguments.ts';
import * as devcert from '../../src/index.ts';

type Call = (...args: unknown[]) => Promise<unknown>;
const functions = Object.entries(devcert as unknown as Record<string, Call>).filter(
  ([name]) => !['DevcertError', 'recipes', 'list', 'listAuthorities', 'listHosts'].includes(name),
);
/** Wrong whether it is a name, a list, a CSR, or options: nothing takes a number or this list. */
const wrong = [7, [7], Symbol.iterator];

describe('the library', () => {
  test.each(functions)('%s() refuses wrong types as `usage`', async (_, call) => {
    for (const value of wrong)
      await expect(call(value, value, {})).rejects.toMatchObject({ code: 'usage' });
  });

  const { install, issue, exportCertificate, certificateFor, csr, sign, uninstall, status } =
    devcert as unknown as Record<string, Call>;
  const { recipe, inspect, createAuthority, importAuthority, exportAuthority, replaceAuthority } =
    devcert as unknown as Record<string, Call>;
  const { mtls, mtlsCheck, mtlsRotate } = devcert as unknown as Record<string, Call>;

  /** Every option that a wrong type of has been taken for another, or printed a stack. */
  test.each<[string, Call | undefined, unknown[]]>([
    ['install', install, [{ permit: [7] }]],
    ['install', install, [{ constraints: 'no' }]],
    ['install', install, [{ stores: ['nss'] }]],
    ['install', install, [{ machine: 1 }]],
    ['install', install, [{}, { announce: 'x' }]],
    ['issue', issue, [['localhost'], { client: ['web'] }]],
    ['issue', issue, [['localhost'], { days: [7] }]],
    ['issue', issue, [['localhost'], { format: [{}] }]],
    ['issue', issue, [['localhost'], {}, { password: 'x' }]],
    ['exportCertificate', exportCertificate, [{ format: ['p12'] }]],
    ['exportCertificate', exportCertificate, [{ legacy: 'yes' }]],
    ['exportCertificate', exportCertificate, [{ format: 'p12' }, { password: 7 }]],
    ['certificateFor', certificateFor, ['localhost', { days: NaN }]],
    ['ensure', devcert.ensure as Call, [{ names: [7] }]],
    ['ensure', devcert.ensure as Call, [{ install: 'yes' }]],
    ['ensure', devcert.ensure as Call, [{ install: true }]],
    ['ensure', devcert.ensure as Call, [{}, { confirmInstall: true }]],
    ['trustThisProcess', devcert.trustThisProcess as Call, [{ root: 'PEM' }]],
    ['sniCallback', devcert.sniCallback as Call, [{}]],
    ['sniCallback', devcert.sniCallback as Call, [{ allow: [7] }]],
    ['sniCallback', devcert.sniCallback as Call, [{ allow: 'app.test', secureContext: [] }]],
    ['sniCallback', devcert.sniCallback as Call, [{ allow: 'app.test' }, { failed: true }]],
    ['watch', devcert.watch as Call, [[]]],
    ['watch', devcert.watch as Call, [{ listen: () => undefined }]],
    ['watch', devcert.watch as Call, [{ setSecureContext: () => undefined }, { dir: 7 }]],
    ['watch', devcert.watch as Call, [{ setSecureContext: () => undefined }, {}, { loaded: 7 }]],
    ['csr', csr, ['localhost', { cn: 7 }]],
    ['sign', sign, ['x.csr', { out: ['x'] }]],
    ['uninstall', uninstall, [{ purge: 'no' }]],
    ['status', status, [{ nssPasswordFile: 7 }]],
    ['recipe', recipe, ['nginx', { clientCerts: 'no' }]],
    ['inspect', inspect, [[], { password: 7 }]],
    ['createAuthority', createAuthority, ['x', { clientsOnly: 'no' }]],
    ['importAuthority', importAuthority, [['x.pem'], { root: ['x'] }]],
    ['exportAuthority', exportAuthority, ['default', { withKey: 'no' }]],
    ['replaceAuthority', replaceAuthority, ['default', [], { constraints: 0 }]],
    ['mtls', mtls, ['api', { clientCa: true }]],
    ['mtls', mtls, ['api', { client: true }]],
    ['mtlsCheck', mtlsCheck, ['localhost:1', { timeoutMs: '5' }]],
    ['mtlsRotate', mtlsRotate, [{ clientCa: 'people' }]],
    ['mtlsRotate', mtlsRotate, [{ finish: 'no' }]],
  ])('%s() refuses an option of another type: %#', async (_, call, args) => {
    await expect(call?.(...args)).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('types of the package') as string,
    });
  });

  test('passes over what no function has, and what is left out', () => {
    const given = { ca: undefined, more: 7, toString: 7 };
    const spec = { ca: 'text', permit: 'list' } as const;
    expect(checked<Record<string, unknown>>(given, spec)).toMatchObject({ more: 7 });
  });

  test('takes one name alone for one name, not for its letters', async () => {
    expect(textsOf('localhost', 'names')).toEqual(['localhost']);
    const spec = { permit: 'list', client: 'boolean' } as const;
    expect(checked({ permit: 'corp.example', client: true }, spec)).toEqual({
      permit: ['corp.example'],
      client: true,
    });
    // "*.test" as letters would be told as "*".
    const refused = { code: 'invalid-name', message: expect.stringContaining('*.test') as string };
    await expect(devcert.certificateFor('*.test')).rejects.toMatchObject(refused);
    await expect(devcert.issue('*.test')).rejects.toMatchObject(refused);
    await expect(devcert.csr('*.test')).rejects.toMatchObject(refused);
    await expect(devcert.ensure({ names: '*.test' })).rejects.toMatchObject(refused);
  });
});
