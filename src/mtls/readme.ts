/** What the folder of a set says of itself. */
import type { MtlsSet } from './set.ts';

/** Markdown. Its words are those of 0.1: a migration tells by them that nobody edited it. */
export function readmeText(set: MtlsSet): string {
  const { name, serverCa, clientCa, serverNames, clients } = set;
  const whose =
    serverCa === clientCa
      ? `The authority "${serverCa}" certifies both sides.`
      : `The authority "${serverCa}" certifies the server, "${clientCa}" the clients.`;
  return `# ${name}: certificates for mutual TLS

Made by devcert; do not commit it. ${whose} Give each machine its own folder and nothing else.

| folder | for | certificate for |
|---|---|---|
| \`server\` | the server | ${serverNames.join(', ')} |
${clients.map((client) => `| \`clients/${client.name}\` | the client "${client.name}" | ${client.names.join(', ')} |`).join('\n')}

| file | what | nginx | Node.js |
|---|---|---|---|
| \`cert.pem\` | its certificate and chain | \`ssl_certificate\` | \`cert\` |
| \`key.pem\` | its private key: secret | \`ssl_certificate_key\` | \`key\` |
| \`trust.pem\` | whom it trusts: the other side's authority | \`ssl_client_certificate\` | \`ca\` |
| \`keystore.p12\` | certificate, chain and key, if asked for: secret | | \`pfx\` |
| \`truststore.p12\` | as \`trust.pem\`, if asked for | | |

A server has to demand certificates: \`ssl_verify_client on; ssl_verify_depth 2;\` in nginx,
\`requestCert: true\` in Node.js. Try it: \`devcert mtls check localhost:8443 --dir ${name}\`
`;
}
