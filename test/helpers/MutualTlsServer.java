import java.io.*;
import java.net.InetAddress;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.*;

/**
 * An HTTPS server that asks for a client's certificate: args are a port, a PKCS#12 with its key, the
 * password, and the PEM root that clients' certificates have to come from.
 */
public class MutualTlsServer {
  public static void main(String[] args) throws Exception {
    char[] password = args[2].toCharArray();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (FileInputStream in = new FileInputStream(args[1])) {
      keys.load(in, password);
    }
    KeyManagerFactory keyManagers = KeyManagerFactory.getInstance("PKIX");
    keyManagers.init(keys, password);
    KeyStore roots = KeyStore.getInstance("PKCS12");
    roots.load(null, null);
    try (FileInputStream in = new FileInputStream(args[3])) {
      roots.setCertificateEntry("root", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(roots);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keyManagers.getKeyManagers(), trust.getTrustManagers(), null);
    SSLServerSocket server =
        (SSLServerSocket) context.getServerSocketFactory().createServerSocket(Integer.parseInt(args[0]), 50, InetAddress.getLoopbackAddress());
    server.setNeedClientAuth(true);
    while (true) {
      try (SSLSocket socket = (SSLSocket) server.accept()) {
        socket.setSoTimeout(5000);
        socket.startHandshake();
        new BufferedReader(new InputStreamReader(socket.getInputStream())).readLine();
        socket.getOutputStream().write("HTTP/1.0 200 OK\r\n\r\nhello from devcert".getBytes());
        socket.getOutputStream().flush();
      } catch (IOException refused) {
        // The client sees it: that is what the test asks for.
      }
    }
  }
}
