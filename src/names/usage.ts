/** What a certificate is for: the extended key usages that devcert grants (RFC 5280 4.2.1.12). */
export type Usage = 'serverAuth' | 'clientAuth';
