import java.io.FileInputStream;
import java.net.Socket;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.*;

/**
 * Connects to 127.0.0.1 as if it were each given host, trusting one PEM root (or the JDK's own store
 * for "default"), and prints a line "host:port ok" or "host:port refused".
 */
public class TlsClient {
  public static void main(String[] args) throws Exception {
    SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
    if (!args[0].equals("default")) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      try (FileInputStream in = new FileInputStream(args[0])) {
        store.setCertificateEntry("root", CertificateFactory.getInstance("X.509").generateCertificate(in));
      }
      TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      factory = context.getSocketFactory();
    }
    for (int i = 1; i < args.length; i++) {
      int colon = args[i].lastIndexOf(':');
      String host = args[i].substring(0, colon);
      int port = Integer.parseInt(args[i].substring(colon + 1));
      String verdict;
      try (SSLSocket socket = (SSLSocket) factory.createSocket(new Socket("127.0.0.1", port), host, port, true)) {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        verdict = "ok";
      } catch (SSLException refused) {
        verdict = "refused " + refused.getMessage();
      }
      System.out.println(args[i] + " " + verdict);
    }
  }
}
