/** What the folder of a certificate that is broken on purpose says of itself. */
import type { BrokenKind } from './kinds.ts';
import { clients, said } from './said.ts';

/** Its first words: a folder that begins with them was made here. */
export const README_TITLE = '# Broken on purpose: ';

const what: Readonly<Record<BrokenKind, string>> = {
  expired: 'it has expired a month before it was made',
  'not-yet-valid': 'it is valid in some years only',
  'wrong-name': 'it is for another name',
  'self-signed': 'no CA vouches for it: it is signed by itself',
  'unknown-authority': 'it is of another CA than that in ca.pem, of which nobody knows',
  'missing-issuer': 'cert.pem lacks the intermediate certificate between it and the root',
  'wrong-purpose':
    'it is for the other side: a server has one for clients only, a client one for servers only',
  'weak-key': 'its key is RSA of 1024 bits',
  'weak-signature': 'it is signed with SHA-1',
  revoked: 'its CA has revoked it: it is in the list crl.pem',
};

/** Markdown. @param names that were asked for. @param isClient none of what servers are told. */
export function brokenReadme(
  kind: BrokenKind,
  names: readonly string[],
  isClient: boolean,
): string {
  const crl = kind === 'revoked' ? ' --crl crl.pem' : '';
  const name = names.find((it) => !it.startsWith('*.')) ?? 'localhost';
  const asked = isClient ? '--purpose client' : `--name ${name}`;
  const weak = kind.startsWith('weak-')
    ? `\nPrograms with a newer OpenSSL serve it only at a lower security level: \`DEFAULT@SECLEVEL=0\` as ciphers.\n`
    : '';
  const table = isClient
    ? ''
    : `
| client that trusts \`ca.pem\` | says |
|---|---|
${clients.map((client) => `| ${client} | ${said[client][kind] ?? 'takes it'} |`).join('\n')}
${kind === 'revoked' ? '\nThose that refuse it were given the list as well; without it all take it.\n' : ''}
Without \`ca.pem\` as a root curl and others say only that its issuer is not known.
`;
  return `${README_TITLE}${kind}

Made by devcert for tests of a TLS ${isClient ? 'server' : 'client'}, for ${names.join(', ')}. Exactly one thing is wrong: ${what[kind]}.

| file | what |
|---|---|
| \`cert.pem\` | the certificate${kind === 'missing-issuer' || kind === 'self-signed' ? '' : ' and its issuer'} |
| \`key.pem\` | its private key |
| \`ca.pem\` | the root that the ${isClient ? 'server' : 'client'} of the test is to trust |
${kind === 'revoked' ? '| `crl.pem` | the lists of revoked certificates of the CA and its root |\n' : ''}
The CA was made for this folder alone and its keys are thrown away: it signs nothing else, and it is not
devcert's CA. Put \`ca.pem\` into no trust store.
${weak}${table}
    devcert verify cert.pem --roots ca.pem ${asked}${crl}
`;
}
