/** Where `verify` differs from a corpus, and why: what is not declared here fails the test. */

export interface Declared {
  /** `accepts`: where the corpus has it refused. `refuses`: where it has it accepted. */
  readonly verify: 'accepts' | 'refuses';
  readonly ids: RegExp;
  /** For the guide: what the cases are about, and why it is as it is. */
  readonly what: string;
  readonly why: string;
}

export const declared: readonly Declared[] = [
  {
    verify: 'accepts',
    ids: /^limbo\/crl::|^pkits\/Invalid(?:.*CRL|RevokedCA|RevokedEE|.*distributionPoint|only(?:Contains|Some)|LongSerialNumberTest18|BasicSelfIssued(?:NewWithOld|OldWithNew))/i,
    what: 'revoked certificates, and lists of revoked ones that are missing, old or wrong',
    why: 'revocation is not checked: no local authority publishes it, and what is fetched while verifying is somebody else’s to decide',
  },
  {
    verify: 'accepts',
    ids: /^limbo\/pathlen::max-chain-depth/,
    what: 'a limit on the length of paths that the caller sets',
    why: 'there is no such option; paths have 32 certificates at most',
  },
  {
    verify: 'accepts',
    ids: /^limbo\/pathological::nc-dos-[12]$/,
    what: 'thousands of constraints on thousands of names',
    why: 'the names are within them, and that is found out in less than a second; others give up on them',
  },
  {
    verify: 'accepts',
    ids: /^limbo\/(?:rfc5280::(?:aki|ski)::|webpki::aki::)/,
    what: 'key identifiers that are missing, critical, or of a form beyond what public CAs may write',
    why: 'they only help to find the issuer, whose signature decides; one that contradicts it is refused; `devcert inspect` notes missing ones, which Python from 3.13 on refuses',
  },
  {
    verify: 'accepts',
    ids: /^limbo\/rfc5280::(?:ca-empty-subject|root-non-critical-basic-constraints|serial::(?:too-long|zero))$|^limbo\/rfc5280::pc::/,
    what: 'an authority with an empty subject, basicConstraints or policyConstraints that are not critical, serial numbers that are zero or too long',
    why: 'faults of who made them that forge nothing; clients take them',
  },
  {
    verify: 'accepts',
    ids: /^limbo\/rfc5280::nc::(?:permitted-dns-match-noncritical|invalid-dnsname-leading-period|not-allowed-in-ee-(?:non)?critical)$|^limbo\/webpki::nc::intermediate-permitted-excluded-subtrees-both-/,
    what: 'constraints that are not critical, have a leading dot, are empty, or stand in a leaf',
    why: 'they are held all the same (with a dot: what is below), and one that permits and excludes nothing changes nothing',
  },
  {
    verify: 'accepts',
    ids: /^limbo\/webpki::cn::/,
    what: 'a common name that is not among the alternative names, or written in another way',
    why: 'the common name is not looked at: only alternative names count',
  },
  {
    verify: 'accepts',
    ids: /^limbo\/webpki::eku::|^limbo\/webpki::san::san-critical-with-nonempty-subject$|^limbo\/webpki::forbidden-rsa-(?:key-)?not-divisible-by-8-/,
    what: 'rules for public CAs alone: extendedKeyUsage that is missing, critical, has anyExtendedKeyUsage besides serverAuth, or stands in a root; critical alternative names; RSA keys of an odd number of bits above 2048',
    why: 'devcert’s own root has extendedKeyUsage so that its thief can do less; the others forge nothing',
  },
  {
    verify: 'accepts',
    ids: /^limbo\/rfc5280::san::underscore-dns$/,
    what: 'an underscore in a DNS name',
    why: 'local names have them, and all but Java, pyca and Botan take it; `devcert inspect` warns',
  },
  {
    verify: 'accepts',
    ids: /^limbo\/webpki::san::public-suffix-private-namespace-wildcard-san$/,
    what: 'a wildcard below a suffix of the private section of the public suffix list (`*.github.io`)',
    why: 'their owners have such certificates; one below a registry (`*.co.uk`) is refused',
  },
  {
    verify: 'refuses',
    ids: /^limbo\/(?:pathlen::validation-ignores-pathlen-in-leaf|rfc5280::ca-as-leaf)$|^pkits\/Valid(?:onlyContainsCACerts|pathLenConstraint)/,
    what: 'an authority as the certificate of a server or client',
    why: 'Firefox, NSS and rustls refuse it',
  },
  {
    verify: 'refuses',
    ids: /^limbo\/rfc5280::validity::notafter-fractional$/,
    what: 'a fraction of a second after the end',
    why: 'notAfter is the last moment',
  },
  {
    verify: 'refuses',
    ids: /^pkits\/ValidDSA/,
    what: 'DSA keys',
    why: 'no TLS client takes them',
  },
  {
    verify: 'refuses',
    ids: /^pkits\/Valid(?:NameChaining(?:Capitalization|Whitespace)|UTF8StringCaseInsensitiveMatch|RolloverfromPrintableStringtoUTF8String)/,
    what: 'an issuer written with other capitals, spaces or string types than in its own certificate',
    why: 'Go and rustls compare bytes',
  },
  {
    verify: 'refuses',
    ids: /^pkits\/Valid(?:PolicyMapping|SelfIssuedinhibit|inhibit|requireExplicitPolicy|SelfIssuedrequireExplicitPolicy)/,
    what: 'critical policyMappings, policyConstraints, inhibitAnyPolicy',
    why: 'policies are not followed, so that whoever makes a path depend on them is refused, right or wrong',
  },
  {
    verify: 'refuses',
    ids: /^bettertls\/nameconstraints\//,
    what: 'a common name `127.0.0.1` without DNS alternative names below constraints on DNS names',
    why: 'OpenSSL holds it against them as well',
  },
];
