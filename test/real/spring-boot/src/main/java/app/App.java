package app;

import java.net.http.HttpClient;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;

/** Says hello; with --fetch=URL, fetches it by the RestClient of the recipe, too. */
@SpringBootApplication
@RestController
public class App {
  public static void main(String[] args) {
    SpringApplication.run(App.class, args);
  }

  @GetMapping("/")
  String hello() {
    return "hello";
  }

  // The recipe's, word for word.
  @Bean
  RestClient local(SslBundles bundles) {
    var tls = bundles.getBundle("devcert-client").createSslContext();
    var http = HttpClient.newBuilder().sslContext(tls).build();
    return RestClient.builder().requestFactory(new JdkClientHttpRequestFactory(http)).build();
  }

  @Bean
  @ConditionalOnProperty("fetch")
  CommandLineRunner fetch(RestClient local, @Value("${fetch}") String url) {
    return args -> System.out.println("fetched " + local.get().uri(url).retrieve().body(String.class));
  }
}
