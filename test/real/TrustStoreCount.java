import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.cert.PKIXParameters;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** Prints how many issuers a JVM trusts by a trust store: FILE TYPE [PASSWORD]. */
public class TrustStoreCount {
  public static void main(String[] args) throws Exception {
    KeyStore store = KeyStore.getInstance(args[1]);
    try (FileInputStream in = new FileInputStream(args[0])) {
      store.load(in, args.length > 2 ? args[2].toCharArray() : null);
    }
    // Throws for a store without a single trusted entry.
    new PKIXParameters(store);
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(store);
    X509TrustManager manager = (X509TrustManager) factory.getTrustManagers()[0];
    System.out.println("issuers: " + manager.getAcceptedIssuers().length);
  }
}
