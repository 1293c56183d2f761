import java.util.HashMap;
import java.util.List;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.security.ssl.DefaultSslEngineFactory;

/** Arguments: a PEM file of key and chain, and the key's password if it has one. Says whether Kafka loads it. */
public class PemKey {
  public static void main(String[] args) {
    var config = new HashMap<String, Object>();
    config.put("ssl.protocol", "TLSv1.3");
    config.put("ssl.cipher.suites", List.of());
    config.put("ssl.enabled.protocols", List.of("TLSv1.3"));
    config.put("ssl.keystore.type", "PEM");
    config.put("ssl.keystore.location", args[0]);
    if (args.length > 1) config.put("ssl.key.password", new Password(args[1]));
    try (var factory = new DefaultSslEngineFactory()) {
      factory.configure(config);
      System.out.println("loaded");
    } catch (Exception e) {
      Throwable cause = e;
      while (cause.getCause() != null) cause = cause.getCause();
      System.out.println("failed: " + cause);
    }
  }
}
