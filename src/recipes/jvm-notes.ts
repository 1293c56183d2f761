/** What the recipes for the JVM have in common. */

export const KEYSTORE_NOTE = 'KEYSTORE_PASSWORD in the environment opens keystore.p12';
export const TRUSTSTORE_NOTE = 'TRUSTSTORE_PASSWORD in the environment opens truststore.p12';
export const JAVA_CLIENT_NOTES = [
  'a Java client trusts it after devcert install',
  'or with -Djavax.net.ssl.trustStore=… and …trustStorePassword=…',
];
