/** What the recipes for the JVM have in common. */

export const KEYSTORE_NOTE =
  'set KEYSTORE_PASSWORD in the environment of the server to the password of keystore.p12';
export const TRUSTSTORE_NOTE =
  'set TRUSTSTORE_PASSWORD in its environment to the password of truststore.p12';
export const JAVA_CLIENT_NOTE =
  'a Java client trusts it after devcert install, or with -Djavax.net.ssl.trustStore=truststore.p12 ' +
  '-Djavax.net.ssl.trustStorePassword=… (instead of the public roots)';

/** One text of lines; false leaves one out. */
export function lines(...parts: readonly (string | false | readonly string[])[]): string {
  return parts.flatMap((part) => (part === false ? [] : part)).join('\n');
}
