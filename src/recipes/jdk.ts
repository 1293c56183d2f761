/** The recipe for a server of the JDK alone: one file, `java Server.java`. */
import { doubleQuoted, escaped } from './quote.ts';
import { blocks, lines, type Recipe } from './recipe.ts';

// Of the other recipes for the JVM, too.
export const KEYSTORE_NOTE = 'KEYSTORE_PASSWORD in the environment opens keystore.p12';
export const TRUSTSTORE_NOTE = 'TRUSTSTORE_PASSWORD in the environment opens truststore.p12';
export const JAVA_CLIENT_NOTES = [
  'a Java client trusts it after devcert install',
  'or with -Djavax.net.ssl.trustStore=… and …trustStorePassword=…',
];

export const jdk: Recipe = {
  name: 'jdk',
  summary: "Java 11 or newer: the JDK's own HttpsServer",
  needs: ['keystore.p12'],
  needsForClients: ['truststore.p12'],
  render({ keystore, truststore, clientCerts }) {
    return {
      blocks: blocks('//', {
        'Server.java, run with java Server.java': lines(
          'import com.sun.net.httpserver.HttpsConfigurator;',
          clientCerts && 'import com.sun.net.httpserver.HttpsParameters;',
          'import com.sun.net.httpserver.HttpsServer;',
          'import java.io.File;',
          'import java.net.InetSocketAddress;',
          'import java.security.KeyStore;',
          'import javax.net.ssl.KeyManagerFactory;',
          'import javax.net.ssl.SSLContext;',
          clientCerts && 'import javax.net.ssl.TrustManagerFactory;',
          '',
          'public class Server {',
          '  public static void main(String[] args) throws Exception {',
          '    char[] password = System.getenv("KEYSTORE_PASSWORD").toCharArray();',
          `    File keyFile = new File(${javaString(keystore)});`,
          '    KeyManagerFactory keys =',
          '        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());',
          '    keys.init(KeyStore.getInstance(keyFile, password), password);',
          clientCerts && [
            '    char[] trustPassword = System.getenv("TRUSTSTORE_PASSWORD").toCharArray();',
            `    File trustFile = new File(${javaString(truststore)});`,
            '    TrustManagerFactory trusted =',
            '        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());',
            '    trusted.init(KeyStore.getInstance(trustFile, trustPassword));',
          ],
          '    SSLContext tls = SSLContext.getInstance("TLS");',
          `    tls.init(keys.getKeyManagers(), ${clientCerts ? 'trusted.getTrustManagers()' : 'null'}, null);`,
          '',
          '    HttpsServer server = HttpsServer.create(new InetSocketAddress("127.0.0.1", 8443), 0);',
          clientCerts
            ? [
                '    server.setHttpsConfigurator(new HttpsConfigurator(tls) {',
                '      @Override',
                '      public void configure(HttpsParameters parameters) {',
                '        var wanted = getSSLContext().getDefaultSSLParameters();',
                '        wanted.setNeedClientAuth(true);',
                '        parameters.setSSLParameters(wanted);',
                '      }',
                '    });',
              ]
            : '    server.setHttpsConfigurator(new HttpsConfigurator(tls));',
          '    server.createContext("/", exchange -> {',
          '      byte[] page = "hello\\n".getBytes();',
          '      exchange.sendResponseHeaders(200, page.length);',
          '      exchange.getResponseBody().write(page);',
          '      exchange.close();',
          '    });',
          '    server.start();',
          '  }',
          '}',
        ),
      }),
      notes: [KEYSTORE_NOTE, ...(clientCerts ? [TRUSTSTORE_NOTE] : []), ...JAVA_CLIENT_NOTES],
    };
  },
};

// Java before 18 reads its source in the encoding of the terminal.
function javaString(text: string): string {
  return escaped(doubleQuoted(text));
}
