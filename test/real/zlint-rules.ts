/**
 * Rules of zlint that certificates of devcert break on purpose, each with its reason. Most are of the CA/Browser
 * Forum's Baseline Requirements for CAs whose roots are in browsers; the others are told by name.
 */

/** Who breaks a rule. `client` is one that no server uses. */
export type Breaker = 'server' | 'client' | 'issuer' | 'root';

const NO_REVOCATION = 'a local CA revokes nothing and has no server that could say so';
const NO_POLICY = 'policies say under which rules a public CA vetted a subscriber; there is none';
const NO_COUNTRY = 'a developer’s machine is in no country; the subject says user@host';
const LONG = 'renewed by hand, not by ACME: 397 days, and 825 at most, which all clients take';

export const broken: Readonly<Record<string, { by: readonly Breaker[]; why: string }>> = {
  // What a public CA publishes.
  e_missing_crl_distrib_point: { by: ['server'], why: NO_REVOCATION },
  e_sub_cert_aia_missing: { by: ['server'], why: NO_REVOCATION },
  w_sub_cert_aia_does_not_contain_issuing_ca_url: {
    by: ['server'],
    why: 'the server sends the issuer; nothing local is to be fetched while a page loads',
  },
  e_sub_ca_crl_distribution_points_missing: { by: ['issuer'], why: NO_REVOCATION },
  w_sub_ca_aia_missing: { by: ['issuer'], why: NO_REVOCATION },
  // Who a subscriber is.
  e_sub_cert_certificate_policies_missing: { by: ['server'], why: NO_POLICY },
  e_sub_cert_cert_policy_empty: { by: ['server'], why: NO_POLICY },
  e_sub_ca_certificate_policies_missing: { by: ['issuer'], why: NO_POLICY },
  e_invalid_ca_certificate_policies: { by: ['issuer'], why: NO_POLICY },
  e_sub_cert_country_name_must_appear: { by: ['server'], why: NO_COUNTRY },
  e_sub_cert_locality_name_must_appear: { by: ['server'], why: NO_COUNTRY },
  e_sub_cert_province_must_appear: { by: ['server'], why: NO_COUNTRY },
  e_ca_country_name_missing: { by: ['issuer', 'root'], why: NO_COUNTRY },
  e_organizational_unit_name_prohibited: {
    by: ['server'],
    why: 'the unit is user@host: whoever finds the certificate knows where it came from',
  },
  e_subj_orgunit_in_ca_cert: { by: ['issuer', 'root'], why: 'the same of an authority' },
  e_ca_common_name_missing: {
    by: ['issuer'],
    why: 'wolfSSL holds the common name of a CA against the constraints (design, 1)',
  },
  e_ca_organization_name_missing: {
    by: ['root'],
    why: 'of an imported root alone, which is as somebody else made it',
  },
  // Names that are for local use.
  e_dnsname_not_valid_tld: {
    by: ['server'],
    why: 'localhost, .test and .internal are no public names: this is what devcert is for',
  },
  e_ext_san_contains_reserved_ip: {
    by: ['server'],
    why: '127.0.0.1 and private networks: this is what devcert is for',
  },
  e_ext_nc_intersects_reserved_ip: {
    by: ['issuer', 'root'],
    why: 'the constraints permit private networks and nothing else',
  },
  e_ext_san_uri_host_not_fqdn_or_ip: {
    by: ['client'],
    why: 'RFC 5280 4.2.1.6: "localhost" in a client’s URI has no dot, which the constraints permit (facts on clients)',
  },
  // A certificate for a server and a client at once has the client's common name.
  w_subject_common_name_included: { by: ['server'], why: 'of --peer: client software shows it' },
  e_subject_common_name_not_exactly_from_san: {
    by: ['server'],
    why: 'of --peer: with a space in it, so that no client takes it for a host name',
  },
  e_dnsname_bad_character_in_label: {
    by: ['server'],
    why: 'of --peer: zlint takes that common name for a host name, which it is not to be',
  },
  // Days.
  e_server_cert_valid_time_longer_than_200_days: { by: ['server'], why: LONG },
  w_server_cert_valid_time_longer_than_199_days: { by: ['server'], why: LONG },
  e_tls_server_cert_valid_time_longer_than_398_days: {
    by: ['server'],
    why: 'of --days alone; Apple takes 825 of roots that users add',
  },
  w_tls_server_cert_valid_time_longer_than_397_days: { by: ['server'], why: LONG },
  // Shapes.
  w_ext_subject_key_identifier_not_recommended_subscriber: {
    by: ['server'],
    why: 'RFC 5280 4.2.1.2 recommends it, and nobody refuses it',
  },
  e_root_ca_extended_key_usage_present: {
    by: ['root'],
    why: 'it keeps a thief of the issuer’s key from mail; all 38 clients measured take it',
  },
  w_root_ca_basic_constraints_path_len_constraint_field_present: {
    by: ['root'],
    why: 'one issuer below it and no more: the strictest that works',
  },
};
