/** An issued certificate as lines for a person. Pure: nothing here writes. */
import type { CertificateHash } from '../certificate/hash.ts';
import type { IssueResult } from '../commands/issue.ts';
import { printable } from '../errors.ts';
import { date, madeLines, table } from './lines.ts';
import type { Style } from './terminal.ts';

export function issueLines(result: IssueResult, style: Style): string[] {
  const { issued, names, certFile, keyFile, caFile, notAfter } = result;
  const verb = issued ? 'Issued a certificate for' : 'A valid certificate is there already for';
  const files =
    certFile === keyFile
      ? [['certificate, chain and key', printable(certFile)]]
      : [
          ['certificate and chain', printable(certFile)],
          ['private key', printable(keyFile)],
          ...(caFile === undefined ? [] : [[rootLabel(result), printable(caFile)]]),
        ];
  return [
    ...madeLines(result.made),
    `${verb} ${names.join(', ')}`,
    ...table([...usageRows(result), ...files], style),
    `It is valid until ${date(notAfter)}`,
    ...hashLines(result.certificateHash, style),
  ];
}

/** For `new WebTransport(url, { serverCertificateHashes })`. */
export function hashLines(hash: CertificateHash | undefined, style: Style): string[] {
  if (hash === undefined) return [];
  const { hex, base64, javascript } = hash;
  return [
    'Its SHA-256, another one with each new certificate:',
    ...table(
      [
        ['hex', hex],
        ['base64', base64],
      ],
      style,
    ),
    `serverCertificateHashes: [{ algorithm: 'sha-256', value: ${javascript} }]`,
  ];
}

/** What a client or peer is besides its names; nothing for a server. */
export function usageRows({ usages, commonName }: Pick<IssueResult, 'usages' | 'commonName'>) {
  const purpose = usages.includes('serverAuth') ? 'server and client' : 'client only';
  return [
    ...(usages.includes('clientAuth') ? [['for', purpose]] : []),
    ...(commonName === undefined ? [] : [['common name', printable(commonName)]]),
  ];
}

function rootLabel({ usages }: IssueResult): string {
  return usages.includes('clientAuth') ? 'root, for the other side' : 'root, for clients';
}
