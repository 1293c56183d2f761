/** Recipes for databases and brokers: servers that mostly run as a user of their own. */
import { askedFor } from './host.ts';
import { libpq, mosquitto, mysql, postgres, redis, shell } from './quote.ts';
import { blocks, type Recipe, type RecipeInput } from './recipe.ts';

const postgresRecipe: Recipe = {
  name: 'postgres',
  summary: 'PostgreSQL over TLS',
  needs: ['ca.pem'],
  render: (input) => ({
    blocks: blocks('#', {
      "devcert.conf, for conf.d/ or postgresql.conf (include 'devcert.conf')": `ssl = on
ssl_cert_file = ${postgres(input.cert)}
ssl_key_file = ${postgres(input.key)}${input.clientCerts ? `\nssl_ca_file = ${postgres(input.trust)}` : ''}`,
      'pg_hba.conf, above every other line: no host line without TLS is left': input.clientCerts
        ? `# the certificate's CN is the database user: devcert --client alice@example.test has that CN
hostssl   all all all cert
hostnossl all all all reject`
        : `hostssl   all all all scram-sha-256
hostnossl all all all reject`,
      ...copies(input, 'postgres'),
      run: `psql ${shell(
        `host=${askedFor(input.names)} user=postgres sslmode=verify-full sslrootcert=${libpq(input.ca)}${
          input.clientCerts ? ' sslcert=client/cert.pem sslkey=client/key.pem' : ''
        }`,
      )}`,
    }),
    notes: [
      "the key must be its user's, mode 0600, or it does not start",
      'clients: sslmode=verify-full; any other mode checks less',
    ],
  }),
};

const mysqlRecipe: Recipe = {
  name: 'mysql',
  summary: 'MySQL or MariaDB over TLS',
  needs: ['ca.pem'],
  render: (input) => ({
    blocks: blocks('#', {
      'devcert.cnf, for /etc/mysql/conf.d/ or my.cnf': `[mysqld]
ssl_cert = ${mysql(input.cert)}
ssl_key = ${mysql(input.key)}${input.clientCerts ? `\nssl_ca = ${mysql(input.trust)}` : ''}
require_secure_transport = ON`,
      ...(input.clientCerts
        ? { 'SQL, for each user that needs a certificate': `ALTER USER 'app'@'%' REQUIRE X509;` }
        : {}),
      ...copies(input, 'mysql'),
      run: `mysql --protocol=tcp --host=${askedFor(input.names)} --user=app --password --ssl-ca=${shell(input.ca)} --ssl-mode=VERIFY_IDENTITY
mariadb --protocol=tcp --host=${askedFor(input.names)} --user=app --password --ssl-ca=${shell(input.ca)} --ssl-verify-server-cert`,
    }),
    notes: [
      'the server must be able to read the key: see the comments',
      ...(input.clientCerts ? ["demanded user by user: ALTER USER 'app'@'%' REQUIRE X509"] : []),
    ],
  }),
};

const redisRecipe: Recipe = {
  name: 'redis',
  summary: 'Redis or Valkey over TLS',
  needs: ['ca.pem'],
  render: (input) => ({
    blocks: blocks('#', {
      'devcert.conf, for redis-server or an "include" in redis.conf': `bind 127.0.0.1
port 0
tls-port 6379
tls-cert-file ${redis(input.cert)}
tls-key-file ${redis(input.key)}
tls-auth-clients ${input.clientCerts ? `yes\ntls-ca-cert-file ${redis(input.trust)}` : 'no'}`,
      ...copies(input, 'redis'),
      run: `redis-cli --tls --cacert ${shell(input.ca)} -h ${askedFor(input.names)}${
        input.clientCerts ? ' --cert client/cert.pem --key client/key.pem' : ''
      } ping`,
    }),
    notes: [
      'redis-cli checks the CA, no name; other clients both',
      'as a service it runs as another user: see the comments',
    ],
  }),
};

const mosquittoRecipe: Recipe = {
  name: 'mosquitto',
  summary: 'Mosquitto, an MQTT broker, over TLS',
  needs: ['ca.pem'],
  render: (input) => ({
    blocks: blocks('#', {
      'devcert.conf, for /etc/mosquitto/conf.d/': `listener 8883 127.0.0.1
certfile ${mosquitto(input.cert)}
keyfile ${mosquitto(input.key)}
${
  input.clientCerts
    ? `cafile ${mosquitto(input.trust)}
require_certificate true
# the certificate's CN is the user
use_identity_as_username true
allow_anonymous false`
    : `# or: password_file
allow_anonymous true`
}`,
      ...copies(input, 'mosquitto'),
      run: `mosquitto_pub -h ${askedFor(input.names)} -p 8883 --cafile ${shell(input.ca)}${
        input.clientCerts ? ' --cert client/cert.pem --key client/key.pem' : ''
      } -t hello -m world`,
    }),
    notes: ['as root it becomes the user mosquitto first: see the comments'],
  }),
};

/**
 * Copies that a server's own user, who is called as the server, may read, unless these are they. The folder is open and the key is not: PostgreSQL insists on both
 * the owner and the mode, and `recipe --dir` has to see the files.
 */
function copies(input: RecipeInput, server: string): Record<string, string> {
  const folder = `/etc/devcert/${server}`;
  if (input.dir === folder) return {}; // they are the copies
  const files = [
    ...new Set([input.cert, input.ca, ...(input.clientCerts ? [input.trust] : [])]),
  ].map(shell);
  return {
    [`if it runs as the user ${server}: copies for it, again after each new certificate`]: `sudo install -d -m 0755 ${folder}
sudo install -o ${server} -m 0644 ${files.join(' ')} ${folder}
sudo install -o ${server} -m 0600 ${shell(input.key)} ${folder}
devcert recipe ${server} --dir ${folder}${input.clientCerts ? ' --client-certs' : ''}`,
  };
}

export const databases: readonly Recipe[] = [
  postgresRecipe,
  mysqlRecipe,
  redisRecipe,
  mosquittoRecipe,
];
