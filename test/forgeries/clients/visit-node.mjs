// Prints each host that verifies. Arguments: CA file, port, hosts.
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';

const [ca, port, ...hosts] = process.argv.slice(2);
for (const host of hosts)
  await new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, ca: readFileSync(ca), servername: host });
    socket.on('secureConnect', () => {
      console.log(host);
      socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', resolve);
  });
