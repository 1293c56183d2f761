/** Object identifiers, each with its ASN.1 name and source. */

export const OID = {
  // X.520 attribute types, RFC 5280 appendix A.1
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  organizationalUnit: '2.5.4.11',
  // id-ce extensions, RFC 5280 4.2.1
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  crlNumber: '2.5.29.20', // 5.2.3
  // id-kp key purposes, RFC 5280 4.2.1.12
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
  anyExtendedKeyUsage: '2.5.29.37.0',
  // Signature algorithms: RFC 5758 3.2 (ECDSA), RFC 4055 5 (RSA)
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  ecdsaWithSha384: '1.2.840.10045.4.3.3',
  ecdsaWithSha512: '1.2.840.10045.4.3.4',
  sha256WithRsa: '1.2.840.113549.1.1.11',
  sha384WithRsa: '1.2.840.113549.1.1.12',
  sha512WithRsa: '1.2.840.113549.1.1.13',
  rsassaPss: '1.2.840.113549.1.1.10', // RFC 4055 3
  ed25519: '1.3.101.112', // RFC 8410 3
  // RFC 2985 5.4.2, and what Windows writes in its place (MS-WCCE 2.2.2.7.7.1, certificate extensions)
  extensionRequest: '1.2.840.113549.1.9.14',
  microsoftExtensionRequest: '1.3.6.1.4.1.311.2.1.14',
} as const;

const names = new Map<string, string>(Object.entries(OID).map(([name, dotted]) => [dotted, name]));

/** The letters in front of an attribute's value in a subject, as OpenSSL writes them: `CN`. */
export function attributeLabel(dotted: string): string {
  return labels[dotted] ?? oidName(dotted);
}

/** What an object identifier is called in its standard, or its dotted form if it is not known here. */
export function oidName(dotted: string): string {
  return names.get(dotted) ?? more[dotted] ?? dotted;
}

const labels: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
};

// Met in other people's certificates and CSRs, never written here.
const more: Readonly<Record<string, string>> = {
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'country',
  '2.5.4.7': 'locality',
  '2.5.4.8': 'state',
  '2.5.4.9': 'street',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.1': 'userId',
  '0.9.2342.19200300.100.1.25': 'domainComponent',
  '1.2.840.113549.1.9.1': 'emailAddress',
  '1.2.840.113549.1.9.2': 'unstructuredName',
  '1.2.840.113549.1.9.7': 'challengePassword',
  '1.2.840.113549.1.1.5': 'sha1WithRsa',
  '1.2.840.113549.1.1.4': 'md5WithRsa',
  '1.2.840.10045.4.1': 'ecdsaWithSha1',
  '1.3.6.1.5.5.7.1.1': 'authorityInfoAccess',
  '2.5.29.31': 'cRLDistributionPoints',
  '2.5.29.32': 'certificatePolicies',
  '1.3.6.1.5.5.7.1.24': 'tlsFeature',
  '2.16.840.1.113730.1.1': 'netscapeCertType',
  '1.2.840.113549.1.1.2': 'md2WithRsa',
  '1.2.840.113549.1.1.14': 'sha224WithRsa',
  '1.2.840.10045.4.3.1': 'ecdsaWithSha224',
  '1.2.840.10040.4.3': 'sha1WithDsa',
  '2.16.840.1.101.3.4.3.2': 'sha256WithDsa',
  '1.3.101.113': 'ed448',
  // Hashes, RFC 4055 2.1
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
  // GB/T 33560; FIPS 204, RFC 9881
  '1.2.156.10197.1.501': 'sm2WithSm3',
  '2.16.840.1.101.3.4.3.17': 'ml-dsa-44',
  '2.16.840.1.101.3.4.3.18': 'ml-dsa-65',
  '2.16.840.1.101.3.4.3.19': 'ml-dsa-87',
  '1.3.6.1.5.5.7.48.2': 'caIssuers',
  '1.3.6.1.4.1.311.20.2.2': 'smartcardLogon',
  '1.3.6.1.4.1.311.20.2.3': 'userPrincipalName',
};
