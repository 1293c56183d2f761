"""Prints each host that verifies. Arguments: CA file, port, hosts."""
import socket
import ssl
import sys

context = ssl.create_default_context(cafile=sys.argv[1])
for host in sys.argv[3:]:
    try:
        with socket.create_connection(("127.0.0.1", int(sys.argv[2])), 20) as plain:
            context.wrap_socket(plain, server_hostname=host).close()
        print(host)
    except (ssl.SSLError, ssl.CertificateError):
        pass
