// Prints each host that verifies with Bun's fetch(). Arguments: CA file, port, proxy's port, hosts.
import { readFileSync } from 'node:fs';

const [ca, port, proxyPort, ...hosts] = process.argv.slice(2);
for (const host of hosts)
  await fetch(`https://${host}:${port}/`, {
    proxy: `http://127.0.0.1:${proxyPort}`,
    tls: { ca: readFileSync(ca, 'utf8') },
  }).then(
    () => console.log(host),
    () => undefined,
  );
