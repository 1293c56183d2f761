/**
 * What a newcomer among such tools has to get right: 41 statements on what mkcert's users found broken, or
 * what was measured with it. Titles of tests name them by number; statements.test.ts holds that none is left
 * out. Sources: mkcert 1.4.4 (commit 1c1dc4e; read, and run on Debian 12 with OpenSSL 3.0, NSS 3.87 and
 * OpenJDK 17) and its threads on GitHub (#352). `measured` is what mkcert did there.
 */
export interface Statement {
  readonly says: string;
  /** What mkcert 1.4.4 did when it was run. */
  readonly measured?: string;
  /** Numbers of threads in which users ask for it. */
  readonly threads?: readonly number[];
}

export const STATEMENTS: Readonly<Record<number, Statement>> = {
  // The authority's files
  1: {
    says: 'parallel first runs make one CA',
    measured: 'of 3 parallel runs 2 leaves do not verify, without an error, 15 times in 15',
  },
  2: {
    says: 'key and certificate are written atomically, and a crash in between is mended',
    measured: 'a key without its certificate: permission denied; as root the key is overwritten',
  },
  3: {
    says: '`uninstall`, `status`, `--help` and options alone never make an authority',
    measured: '-uninstall, and option flags alone, make one',
  },
  4: {
    says: 'a wrong, encrypted or foreign key is named clearly; a root without a key still installs',
    threads: [118, 378, 379, 555, 569, 599, 635],
  },
  5: {
    says: 'a root that is no authority is refused',
    measured: 'issued from a leaf, exit code 0',
  },
  6: {
    says: 'an expired root issues nothing and says what to do; it can still be uninstalled',
    measured: 'issued, exit code 0; install says success each time',
  },
  7: { says: 'a leaf never outlives its issuer', measured: 'it may' },
  8: {
    says: 'the folder is 0700 and the key 0600; looser modes are told',
    measured: 'nothing is said of a key with mode 0644',
  },
  9: {
    says: 'a relative folder for the state is refused or made absolute',
    measured: 'a relative XDG_DATA_HOME is used',
  },
  // Names
  10: {
    says: 'an international name has one A-label, however it is capitalized',
    measured: 'BÜCHER gives xn--BCHER-2pa, bücher xn--bcher-kva',
  },
  11: { says: 'names are in lower case, each once', measured: 'the case is kept' },
  12: {
    says: 'an empty or too long label or name, a hyphen at an end, and a numeric last label are refused',
    measured: 'all are accepted, but for a name of 300 characters, on which the file name fails',
  },
  13: {
    says: 'a URL is refused, with the name in it as the hint',
    measured: 'a URI name is tried, and then a file below ./http_',
    threads: [234],
  },
  14: { says: 'an IP address has one spelling, a trailing dot goes, a zone id is refused' },
  15: {
    says: 'options after names work, or are an error',
    measured: 'a -client after the names becomes a DNS name',
  },
  16: {
    says: 'a wildcard directly below a top-level name is refused',
    threads: [30, 206, 232, 237, 427],
  },
  17: { says: 'no name of an output file is made from what is in a certificate' },
  // Output
  18: {
    says: 'a key is 0600 in the end, over a file that was 0666, too',
    measured: 'the mode is kept; a .p12 is 0644',
  },
  19: {
    says: 'a failure at the second file leaves no half pair',
    measured: 'the certificate stays behind',
  },
  20: { says: 'a symbolic link is not followed', measured: 'its target is overwritten' },
  21: { says: 'a certificate and key that are there are not overwritten without a word' },
  22: {
    says: 'a PKCS#12 file is read by OpenSSL 3, Node, Java and Windows; old ciphers only on request',
    measured: 'RC2-40: OpenSSL 3 without -legacy and Node from 17 on cannot read it',
    threads: [20, 58, 75, 86, 87, 251, 316, 496, 561],
  },
  23: { says: 'a leaf with an elliptic curve has no keyEncipherment' },
  24: {
    says: 'a leaf passes `openssl verify -x509_strict`, and its AKI is the SKI of its issuer',
  },
  // CSR
  25: { says: 'CA:TRUE and keyCertSign of a CSR are never signed', measured: 'signed' },
  26: {
    says: 'only names come from a CSR, each checked; usages and subject are decided here',
    measured: 'codeSigning is copied',
    threads: [55, 313, 372, 487, 631],
  },
  27: {
    says: 'a name in a CSR does not choose the path of the certificate',
    measured: '../escaped.pem is written',
  },
  28: {
    says: 'a CSR without any name is an error',
    measured: './.pem with an empty DNS name, exit code 0',
  },
  29: { says: 'weak keys are refused; DER and PEM are both taken', measured: 'DER is refused' },
  // Trust
  30: {
    says: 'one store that fails does not stop the others, and the exit code says so',
    threads: [12, 51, 83, 134, 150, 297, 326, 342, 416, 447, 488, 529, 603],
  },
  31: {
    says: 'issuing runs no other program',
    threads: [53, 84, 88, 201, 352, 472, 474, 522, 604, 622],
  },
  32: {
    says: 'after uninstall no store trusts the root, and no link dangles',
    threads: [114, 208, 355, 457, 576, 665],
  },
  33: {
    says: 'uninstall where nothing is installed is a success on every system',
    measured: '0 on Linux; by its source fatal on macOS and Windows',
  },
  34: {
    says: 'a root is known by its SHA-256; two of one subject come and go separately',
    measured: 'NSS can do it',
  },
  35: { says: 'being in a store is not being trusted: settings and flags are looked at' },
  36: { says: 'a refresh that fails takes the anchor file away that was written for it' },
  37: {
    says: 'a database that is damaged, has a password or cannot be written each has its message, and nothing hangs',
    threads: [50, 80, 100],
  },
  38: { says: 'without certutil the package is named that brings it on this system' },
  39: {
    says: 'root needs no sudo; without sudo the commands are named',
    threads: [178, 183, 185, 213, 368, 510, 578, 593, 602],
  },
  40: {
    says: 'words of a list of stores are trimmed, and an unknown one is an error',
    measured: '" nss" is dropped; an unknown word disables every store',
    threads: [352],
  },
  41: {
    says: 'a user or host that is not UTF-8, too long, or has a backslash makes a valid certificate',
    threads: [96, 260],
  },
};
