/** Recipes for servers on the Java virtual machine. */
import { askedFor, hostOf } from './host.ts';
import { JAVA_CLIENT_NOTES, jdk, KEYSTORE_NOTE, TRUSTSTORE_NOTE } from './jdk.ts';
import { assertExpressible, doubleQuoted, properties, xml } from './quote.ts';
import { type Block, blocks, lines, type Recipe, type RecipeInput } from './recipe.ts';

const springBoot: Recipe = {
  name: 'spring-boot',
  summary: 'Spring Boot 3.1 or newer: an SSL bundle of PEM files',
  needs: ['ca.pem'],
  render(input) {
    const bundle = 'spring.ssl.bundle.pem.devcert';
    return {
      blocks: [
        ...springServer([
          [`${bundle}.keystore.certificate`, location(input.cert)],
          [`${bundle}.keystore.private-key`, location(input.key)],
          ...(input.clientCerts
            ? [[`${bundle}.truststore.certificate`, location(input.trust)] as const]
            : []),
          [`${bundle}.reload-on-update`, 'true'],
          ...clientAuth(input),
        ]),
        ...springClient(input),
      ],
      notes: ['a renewed certificate is taken up without a restart', ...JAVA_CLIENT_NOTES],
    };
  },
};

const springBootP12: Recipe = {
  name: 'spring-boot-p12',
  summary: 'Spring Boot 3.1 or newer: an SSL bundle of PKCS#12 files',
  needs: ['keystore.p12', 'ca.pem'],
  needsForClients: ['truststore.p12'],
  render(input) {
    const bundle = 'spring.ssl.bundle.jks.devcert';
    const store = (kind: string, path: string): Setting[] => [
      [`${bundle}.${kind}.location`, location(path)],
      [`${bundle}.${kind}.type`, 'PKCS12'],
      [`${bundle}.${kind}.password`, `\${${kind.toUpperCase()}_PASSWORD}`],
    ];
    return {
      blocks: [
        ...springServer([
          ...store('keystore', input.keystore),
          ...(input.clientCerts ? store('truststore', input.truststore) : []),
          [`${bundle}.reload-on-update`, 'true'],
          ...clientAuth(input),
        ]),
        ...springClient(input),
      ],
      notes: [KEYSTORE_NOTE, ...(input.clientCerts ? [TRUSTSTORE_NOTE] : []), ...JAVA_CLIENT_NOTES],
    };
  },
};

function springServer(bundle: readonly Setting[]): [Block, ...Block[]] {
  const settings: Setting[] = [
    ...bundle,
    ['server.ssl.bundle', 'devcert'],
    ['server.address', '127.0.0.1'],
    ['server.port', '8443'],
  ];
  return blocks('#', {
    'src/main/resources/application.properties': settings
      .map(([key, value]) => `${key}=${property(value)}`)
      .join('\n'),
    'or src/main/resources/application.yml': settings
      .map(([key, value]) => `${key}: ${doubleQuoted(value)}`)
      .join('\n'),
  });
}

/** A variable of the environment stays one; nothing else may be one. */
function property(value: string): string {
  return value.startsWith('${') ? value : properties(value);
}

/** A key and its value, as Spring is to see it. */
type Setting = readonly [key: string, value: string];

function clientAuth({ clientCerts }: RecipeInput): Setting[] {
  return clientCerts ? [['server.ssl.client-auth', 'need']] : [];
}

/** Another application, or this one when it calls itself. */
function springClient({ ca }: RecipeInput): Block[] {
  const trusted = properties(location(ca));
  return [
    ...blocks('#', {
      'application.properties of a client': `spring.ssl.bundle.pem.devcert-client.truststore.certificate=${trusted}`,
    }),
    ...blocks('//', {
      'its RestClient, with SslBundles from org.springframework.boot.ssl': lines(
        '@Bean',
        'RestClient local(SslBundles bundles) {',
        '  var tls = bundles.getBundle("devcert-client").createSslContext();',
        '  var http = HttpClient.newBuilder().sslContext(tls).build();',
        '  return RestClient.builder().requestFactory(new JdkClientHttpRequestFactory(http)).build();',
        '}',
      ),
    }),
  ];
}

/** Spring reads it as a URL. */
function location(path: string): string {
  return `file:${assertExpressible(path, 'Spring Boot', /[%#?]|\$\{/)}`;
}

const quarkus: Recipe = {
  name: 'quarkus',
  summary: 'Quarkus 3.12 or newer, with its TLS registry',
  render({ cert, key, trust, clientCerts }) {
    return {
      blocks: blocks('#', {
        'src/main/resources/application.properties': lines(
          `quarkus.tls.key-store.pem.0.cert=${listed(cert)}`,
          `quarkus.tls.key-store.pem.0.key=${listed(key)}`,
          clientCerts && `quarkus.tls.trust-store.pem.certs=${listed(trust)}`,
          clientCerts && 'quarkus.http.ssl.client-auth=required',
          'quarkus.tls.reload-period=30s',
          'quarkus.http.insecure-requests=disabled',
          'quarkus.http.host=127.0.0.1',
          'quarkus.http.ssl-port=8443',
        ),
      }),
      notes: [
        ...(clientCerts ? ['build it again: client-auth is fixed when it is built'] : []),
        ...JAVA_CLIENT_NOTES,
      ],
    };
  },
};

/** Quarkus splits lists at commas. */
function listed(path: string): string {
  return properties(assertExpressible(path, 'Quarkus', /[,\\]|\$/)).replaceAll(' ', '\\ ');
}

const tomcat: Recipe = {
  name: 'tomcat',
  summary: 'Tomcat 9 or newer: a connector',
  // caCertificateFile is for its OpenSSL connector: the Java one lets nobody in with it.
  needsForClients: ['truststore.p12'],
  render({ cert, key, truststore, clientCerts }) {
    const file = (path: string) => xml(assertExpressible(path, 'Tomcat', /\$\{/));
    const connector = blocks('<!--', {
      'conf/server.xml, inside <Service>': lines(
        '<Connector port="8443" address="127.0.0.1"',
        '           SSLEnabled="true" scheme="https" secure="true">',
        clientCerts
          ? [
              '  <SSLHostConfig certificateVerification="required"',
              `                 truststoreFile=${file(truststore)}`,
              '                 truststoreType="PKCS12"',
              '                 truststorePassword="${TRUSTSTORE_PASSWORD}">',
            ]
          : '  <SSLHostConfig>',
        `    <Certificate certificateFile=${file(cert)}`,
        `                 certificateKeyFile=${file(key)} />`,
        '  </SSLHostConfig>',
        '</Connector>',
      ),
    });
    if (!clientCerts) return { blocks: connector, notes: JAVA_CLIENT_NOTES };
    const setenv = blocks('#', {
      'bin/setenv.sh: has ${…} in server.xml read from the environment':
        'CATALINA_OPTS="$CATALINA_OPTS -Dorg.apache.tomcat.util.digester.PROPERTY_SOURCE' +
        '=org.apache.tomcat.util.digester.EnvironmentPropertySource"',
    });
    return { blocks: [...connector, ...setenv], notes: [TRUSTSTORE_NOTE, ...JAVA_CLIENT_NOTES] };
  },
};

const kafka: Recipe = {
  name: 'kafka',
  summary: 'an Apache Kafka broker and its clients, 3.5 or newer',
  needs: ['keystore.p12', 'truststore.p12'],
  // A broker connects to itself at its start, and shows its certificate.
  peersForClients: true,
  render({ keystore, truststore, names, clientCerts }) {
    const variables = [
      'config.providers=env',
      'config.providers.env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider',
    ];
    const store = (kind: string, path: string) => [
      `ssl.${kind}.location=${properties(path)}`,
      `ssl.${kind}.type=PKCS12`,
      `ssl.${kind}.password=\${env:${kind.toUpperCase()}_PASSWORD}`,
    ];
    return {
      blocks: blocks('#', {
        'config/server.properties, in place of the lines of these names': lines(
          variables,
          'listeners=SSL://127.0.0.1:8443,CONTROLLER://127.0.0.1:9093',
          `advertised.listeners=SSL://${hostOf(askedFor(names))}:8443`,
          'listener.security.protocol.map=SSL:SSL,CONTROLLER:PLAINTEXT',
          'inter.broker.listener.name=SSL',
          store('keystore', keystore),
          store('truststore', truststore),
          `ssl.client.auth=${clientCerts ? 'required' : 'none'}`,
        ),
        'client.properties': lines(
          variables,
          'security.protocol=SSL',
          store('truststore', truststore),
          // Made by: devcert --client NAME --out client --format p12
          clientCerts && store('keystore', 'client/keystore.p12'),
        ),
      }),
      notes: [
        KEYSTORE_NOTE,
        TRUSTSTORE_NOTE,
        ...(clientCerts ? ['a client: devcert --client NAME --out client --format p12'] : []),
      ],
    };
  },
};

export const jvm: readonly Recipe[] = [springBoot, springBootP12, quarkus, tomcat, jdk, kafka];
