// Prints each host that verifies. Arguments: CA file, port, hosts.
const [ca, port, ...hosts] = Deno.args;
for (const hostname of hosts) {
  const plain = await Deno.connect({ hostname: '127.0.0.1', port: Number(port) });
  try {
    const secure = await Deno.startTls(plain, { hostname, caCerts: [Deno.readTextFileSync(ca)] });
    await secure.handshake();
    console.log(hostname);
    secure.close();
  } catch (error) {
    if (error instanceof TypeError) throw error;
  }
}
