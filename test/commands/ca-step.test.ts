/** What `step ca init` leaves in its folder, imported. */
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { importAuthority } from '../../src/commands/ca.ts';
import { type Context, contextOf } from '../../src/commands/context.ts';
import { issue } from '../../src/commands/issue.ts';
import { stateAt, temporaryFolder } from '../helpers/host.ts';
import { memoryMachine } from '../helpers/stores.ts';

/**
 * Written by pki.New(), GenerateKeyPairs(), GenerateRootCertificate(), GenerateIntermediateCertificate() and Save()
 * of github.com/smallstep/certificates v0.30.2, which are what `step ca init --name "Step CA"` runs; the
 * password is "correct horse". Valid from 2026-11-25 to 2036-11-22.
 */
const STEP_PATH: Readonly<Record<string, string>> = {
  'config/ca.json': '{}',
  'secrets/root_ca_key': 'not needed, and not read',
  'secrets/intermediate_ca_key': `-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-256-CBC,f487b3d3ee821d1235020d8e9cc764d1

+4PKLr0ega3EJamiYCSuR79Mwg04Z3ZmGs/IHG+AfRcIvh5Uk/6r2BV3O98wp7Kn
WxQqIkQ/BMZ0CuSLTDPvJt97dx3DXAZzgzLly1tTQx2Q5AGQucm9O2IpRGMXK13u
fCqbJg+1REIo/HHqmzxreK1CkVtgddSF1C190WRngWs=
-----END EC PRIVATE KEY-----
`,
  'certs/intermediate_ca.crt': `-----BEGIN CERTIFICATE-----
MIIBxTCCAWugAwIBAgIRANwy9AloOwmciWFHJ3yBK1YwCgYIKoZIzj0EAwIwLDEQ
MA4GA1UEChMHU3RlcCBDQTEYMBYGA1UEAxMPU3RlcCBDQSBSb290IENBMB4XDTI2
MTEyNTE1MTMwMFoXDTM2MTEyMjE1MTMwMFowNDEQMA4GA1UEChMHU3RlcCBDQTEg
MB4GA1UEAxMXU3RlcCBDQSBJbnRlcm1lZGlhdGUgQ0EwWTATBgcqhkjOPQIBBggq
hkjOPQMBBwNCAAQFJtu13pGJeGGD3WoFhfCFJG16LuWnden54Yuctn/yiwXx9h3W
rCKuD6Md5rUCu/szqgFa3Z2AlNdYQaVTAMfYo2YwZDAOBgNVHQ8BAf8EBAMCAQYw
EgYDVR0TAQH/BAgwBgEB/wIBADAdBgNVHQ4EFgQUt/1rBcOLxdnJgtvQaI64AyG7
OsEwHwYDVR0jBBgwFoAUcKEXYPwgZGIc5Lmu/GqT41InJQ4wCgYIKoZIzj0EAwID
SAAwRQIhAMgVKob21tR2Nnn4zoeuuONVwUtfV/GcC4cubC71ROK+AiBkwBB89eJF
E+Spoq2KdbLAjSmkIcNxhXOM4TWMI/7gqw==
-----END CERTIFICATE-----
`,
  'certs/root_ca.crt': `-----BEGIN CERTIFICATE-----
MIIBnDCCAUKgAwIBAgIRAPlSBYLeXFEgItmm/INT+iQwCgYIKoZIzj0EAwIwLDEQ
MA4GA1UEChMHU3RlcCBDQTEYMBYGA1UEAxMPU3RlcCBDQSBSb290IENBMB4XDTI2
MTEyNTE1MTMwMFoXDTM2MTEyMjE1MTMwMFowLDEQMA4GA1UEChMHU3RlcCBDQTEY
MBYGA1UEAxMPU3RlcCBDQSBSb290IENBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAExLg36X8US8nKRb3mfeZY6xJlV1SbsHtzNDVGUq2obej6Sgh72O8YgY6aX2CR
edoUKpW4i9d+UCssA9MplFQDj6NFMEMwDgYDVR0PAQH/BAQDAgEGMBIGA1UdEwEB
/wQIMAYBAf8CAQEwHQYDVR0OBBYEFHChF2D8IGRiHOS5rvxqk+NSJyUOMAoGCCqG
SM49BAMCA0gAMEUCICNY4uBJpBFkHEuMPCM5JVoZ27lB/S9YgGNn6Op8g3l0AiEA
8sPv3GhnnLvc1AFDTGBNg9AEqYeg8xDBOnL5N8ZS0Jw=
-----END CERTIFICATE-----
`,
};

function machine(): Context {
  const { host, finders } = memoryMachine([], { now: () => new Date('2027-01-01T12:00:00Z') });
  const base = temporaryFolder();
  const cwd = join(base, 'project');
  for (const [name, text] of Object.entries(STEP_PATH)) {
    const file = join(cwd, '.step', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return { host, finders, ...stateAt(join(base, 'state')), cwd };
}

test('importAuthority() takes the intermediate of a folder of step, with its password', async () => {
  const context = machine();
  const open = { name: 'step', password: 'correct horse' };
  const { name, origin } = await importAuthority(context, ['.step'], open);
  expect(name).toBe('step');
  expect(origin?.files).toEqual(
    ['certs/intermediate_ca.crt', 'certs/root_ca.crt', 'secrets/intermediate_ca_key'].map((name) =>
      join(context.cwd, '.step', name),
    ),
  );
  const { certFile, caFile } = await issue(contextOf(context, 'step'), ['app.example.com']);
  const [leaf, middle] = readFileSync(certFile, 'utf8').split(/(?<=-----END CERTIFICATE-----\n)/);
  const root = new X509Certificate(readFileSync(caFile ?? ''));
  const issuing = new X509Certificate(middle ?? '');
  expect(new X509Certificate(leaf ?? '').verify(issuing.publicKey)).toBe(true);
  expect(issuing.verify(root.publicKey)).toBe(true);
  expect(root.subject).toContain('CN=Step CA Root CA');
});

test.each([{}, { password: 'correct horses' }])(
  'without the right one it says so: %j',
  async (open) => {
    await expect(
      importAuthority(machine(), ['.step'], { name: 'step', ...open }),
    ).rejects.toMatchObject({ code: 'password', hint: expect.any(String) as string });
  },
);
