/** Who decides on each system whether a server is trusted: programs that we did not write. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../helpers/run.ts';

/** A server's certificate in files, and where it answers. */
export interface Visit {
  readonly title: string;
  /** The name or address that the client means to visit. */
  readonly host: string;
  readonly port: number;
  readonly leafFile: string;
  readonly issuerFile: string;
}

export interface Judge {
  readonly name: string;
  /** Exit code 0 means accepted. @param rootFile PEM, to be trusted by judges that take it as an option. */
  ask(visit: Visit, rootFile: string | undefined): Promise<{ status: number; output: string }>;
  /** False if it follows no store: it cannot say before and after. */
  readonly readsStore: boolean;
  /** False if it connects to this machine by name only. */
  readonly anyHost: boolean;
}

/** The judges of a system. @param folder for scripts. */
export function judgesOf(platform: NodeJS.Platform, folder: string): Judge[] {
  if (platform === 'darwin') return [secTrust, nodeSystem(folder), nodeExtra(folder)];
  if (platform === 'win32')
    return [
      curl('curl.exe (Schannel)', 'C:\\Windows\\System32\\curl.exe', ['--ssl-no-revoke'], true),
      x509Chain('powershell.exe', folder),
      x509Chain('pwsh.exe', folder),
      webRequest('powershell.exe'),
      webRequest('pwsh.exe'),
      nodeSystem(folder),
      nodeExtra(folder),
    ];
  return [curl('curl', 'curl', [], false), opensslVerify, nodeExtra(folder)];
}

const secTrust: Judge = {
  name: 'SecTrust (security verify-cert)',
  readsStore: true,
  anyHost: true,
  ask: ({ leafFile, issuerFile, host }) =>
    run(
      '/usr/bin/security',
      ['verify-cert', '-c', leafFile, '-c', issuerFile, '-p', 'ssl', '-n', host, '-L'],
      { timeoutMs: 30_000 },
    ),
};

function curl(name: string, file: string, options: readonly string[], readsStore: boolean): Judge {
  return {
    name,
    readsStore,
    anyHost: true,
    ask: ({ host, port }, rootFile) =>
      run(
        file,
        [
          ...['--silent', '--show-error', '--max-time', '20', ...options],
          ...(readsStore || rootFile === undefined ? [] : ['--cacert', rootFile]),
          ...['--connect-to', `::127.0.0.1:${port}`, `https://${host}:${port}/`],
        ],
        { timeoutMs: 30_000 },
      ),
  };
}

const opensslVerify: Judge = {
  name: 'OpenSSL (openssl verify)',
  readsStore: false,
  anyHost: true,
  ask: ({ host, leafFile, issuerFile }, rootFile) =>
    run('openssl', [
      ...['verify', '-purpose', 'sslserver', '-untrusted', issuerFile],
      ...(rootFile === undefined ? ['-no-CApath'] : ['-CAfile', rootFile]),
      ...(/^[\d.]+$/.test(host) ? ['-verify_ip', host] : ['-verify_hostname', host]),
      leafFile,
    ]),
};

/** Node's own client, a file so that no shell has to be quoted for. */
function nodeClient(folder: string): string {
  const file = join(folder, 'client.cjs');
  writeFileSync(
    file,
    `const { connect, checkServerIdentity } = require('node:tls');
const [host, port] = process.argv.slice(2);
const isAddress = /^[0-9.]+$/.test(host);
const socket = connect({ host: '127.0.0.1', port: Number(port), ...(isAddress ? {} : { servername: host }),
  checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate) }, () => {
  console.log('authorized', socket.authorized); socket.destroy();
});
socket.on('error', (error) => { console.error(error.code, error.message); process.exitCode = 1; });
`,
  );
  return file;
}

function nodeSystem(folder: string): Judge {
  return {
    name: 'node --use-system-ca',
    readsStore: true,
    anyHost: true,
    ask: ({ host, port }) =>
      run(process.execPath, ['--use-system-ca', nodeClient(folder), host, String(port)]),
  };
}

function nodeExtra(folder: string): Judge {
  return {
    name: 'node with NODE_EXTRA_CA_CERTS',
    readsStore: false,
    anyHost: true,
    ask: ({ host, port }, rootFile) =>
      run(process.execPath, [nodeClient(folder), host, String(port)], {
        env: { NODE_EXTRA_CA_CERTS: rootFile },
      }),
  };
}

/** CertGetCertificateChain, through .NET. It looks at no host name: the foreign name must fail by itself. */
function x509Chain(shell: string, folder: string): Judge {
  const script = join(folder, 'chain.ps1');
  writeFileSync(
    script,
    `param([string]$leaf, [string]$issuer)
$chain = New-Object System.Security.Cryptography.X509Certificates.X509Chain
$chain.ChainPolicy.RevocationMode = 'NoCheck'
[void]$chain.ChainPolicy.ApplicationPolicy.Add((New-Object System.Security.Cryptography.Oid '1.3.6.1.5.5.7.3.1'))
[void]$chain.ChainPolicy.ExtraStore.Add((New-Object System.Security.Cryptography.X509Certificates.X509Certificate2 $issuer))
$ok = $chain.Build((New-Object System.Security.Cryptography.X509Certificates.X509Certificate2 $leaf))
$chain.ChainStatus | ForEach-Object { Write-Output $_.Status }
if ($ok) { exit 0 } else { exit 1 }
`,
  );
  return {
    name: `CertGetCertificateChain (X509Chain in ${shell})`,
    readsStore: true,
    anyHost: true,
    ask: ({ leafFile, issuerFile }) =>
      run(shell, [
        ...['-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File', script],
        ...[leafFile, issuerFile],
      ]),
  };
}

function webRequest(shell: string): Judge {
  return {
    name: `Invoke-WebRequest (${shell})`,
    readsStore: true,
    anyHost: false,
    ask: ({ host, port }) =>
      run(shell, [
        ...['-NoProfile', '-NonInteractive', '-Command'],
        `$ErrorActionPreference='Stop'; try { Invoke-WebRequest -UseBasicParsing -TimeoutSec 20 -Uri 'https://${host}:${port}/' | Out-Null; exit 0 } catch { Write-Output $_.Exception.Message; exit 1 }`,
      ]),
  };
}
