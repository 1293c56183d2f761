/** Every number that somebody chose, once, with its why; those that are known have their source. */

/** Milliseconds of a day, as certificates count them: all alike, whatever the clocks are set to in spring. */
export const DAY_MS = 86_400_000;

/** The organization (O) of every root and issuer: who it is that made them. */
export const AUTHORITY_ORGANIZATION = 'devcert development CA';

/** The organization of every leaf that such an issuer signs. */
export const LEAF_ORGANIZATION = 'devcert development certificate';

/** The organization of every CA that is made for tests: nothing is to trust it but the test. */
export const TEST_ORGANIZATION = 'devcert test CA';

/** Ten years, leap days included, as mkcert's: a machine is replaced before its users have to trust another root. */
export const AUTHORITY_DAYS = 3652;
/** The longest that public CAs were allowed until 2026 is 398: checkers of that limit accept 397 days, too. */
export const LEAF_DAYS = 397;
/** Apple's systems refuse TLS certificates that are valid for longer, also of a root the user added (HT210176). */
export const MAX_LEAF_DAYS = 825;
/** For clocks that differ: certificates start to be valid this long before they are made. */
export const BACKDATE_MS = DAY_MS;
/** Browsers take no longer one by its hash, the days before its making included (WebTransport, 3.4: two weeks). */
export const WEBTRANSPORT_DAYS = 14 - BACKDATE_MS / DAY_MS;
/** With fewer left a certificate is issued anew, and an authority is said to be about to expire. */
export const SOON_DAYS = 30;

/** The same for a certificate of so many days: one for a week is not due on its first day. */
export function dueDays(validityDays: number): number {
  return Math.min(SOON_DAYS, validityDays / 3);
}

/** Whole days from now until then; negative for what has ended. */
export function daysUntil(notAfter: Date, now: Date): number {
  return Math.floor((notAfter.getTime() - now.getTime()) / DAY_MS);
}

/** Every handshake carries them all: more is a slip in a script. */
export const MAX_NAMES = 100;
/** NIST SP 800-57: the least with 112 bits of security, and what every client demands. */
export const MIN_RSA_BITS = 2048;
/** OpenSSL verifies with no longer ones (OPENSSL_RSA_MAX_MODULUS_BITS). */
export const MAX_RSA_BITS = 16_384;

/** Of an authority that is imported: every handshake carries it, and real ones have four. */
export const MAX_CA_CHAIN = 6;
/** Longer ones, in other people's files, are not followed; real ones have four, Firefox follows 8. */
export const MAX_CHAIN = 32;
/** Ways from one certificate to the roots that are looked at: cross-signing gives some a dozen. */
export const MAX_PATHS = 32;
/** Signatures that are checked to find them: authorities that all signed each other have no end of ways. */
export const MAX_PATH_CHECKS = 400;

const KIB = 1024;
const MIB = 1024 * KIB;
/** Of any file without a limit of its own: no certificate, key or list comes near it. */
export const MAX_FILE_BYTES = MIB;
/** A CSR for a hundred names with the longest key, as PEM with OpenSSL's text above it, has a tenth. */
export const MAX_CSR_BYTES = 512 * KIB;
/** More than any store of certificates has; a slip such as a disk image is refused. */
export const MAX_STORE_BYTES = 16 * MIB;
/** A few hundred bytes for each of the files of a large set. */
export const MAX_JOURNAL_BYTES = 16 * MIB;
/** Some hundred bytes for each of tens of thousands of entries. */
export const MAX_LEDGER_BYTES = 64 * MIB;
/** Of a server's first flight, which is kept: OpenSSL takes certificates of 100 KiB at most. */
export const MAX_FLIGHT_BYTES = 256 * KIB;
/** Of what a server says before TLS begins: a few lines. */
export const MAX_GREETING_BYTES = 64 * KIB;
/** A password is a line, not a file: more than this is a mistake. */
export const MAX_PASSWORD_BYTES = 4 * KIB;

/** OpenSSH's agent sends no longer answer (MAX_AGENT_REPLY_LEN). */
export const MAX_AGENT_BYTES = 256 * KIB;
/** It may have to look into a smart card to say what keys it has. */
export const AGENT_ANSWER_MS = 15_000;
/** Somebody may have to find the key and touch it, or the agent's question behind another window. */
export const AGENT_SIGNATURE_MS = 120_000;
/** An agent that asks nobody takes some milliseconds: after this the user is told that one may be asking. */
export const AGENT_QUIET_MS = 1000;

/** Of an authority's key: OpenSSL's programs take no longer passphrase from a file. */
export const MAX_PASSPHRASE_BYTES = 1023;
/** Of an authority's key: what NIST SP 800-63B asks of a password at the least. */
export const MIN_CA_PASSWORD = 8;
/** keytool takes no shorter one. */
export const MIN_JKS_PASSWORD = 6;
/** OpenSSL's own programs ask for no shorter one. */
export const MIN_PEM_PASSWORD = 4;

/**
 * What a guess at the password of a stolen key file costs (OWASP's number for PBKDF2-HMAC-SHA-256).
 * OpenSSL would take 2048; unlike key stores, every program reads any number here.
 */
export const KEY_FILE_ITERATIONS = 600_000;
/** Of PKCS#12: Java's own number; ten times more is still read by all. OpenSSL would take 2048. */
export const PKCS12_ITERATIONS = 10_000;
/** The number that programs of the time of old PKCS#12 expect. */
export const LEGACY_ITERATIONS = 2048;
/** What the iterations of all derivations in one file may come to: seconds, not a hang. */
export const MAX_ITERATIONS = 10_000_000;

/** For each step with a server: more than a far one needs, and still no hang. */
export const SERVER_TIMEOUT_MS = 10_000;
/** What a server is given to say that it wants a client's certificate, after a handshake that went well. */
export const AFTERTHOUGHT_MS = 500;

/** While another process has stores trust the root: a person may have to answer sudo, and is given as long. */
export const INSTALL_WAIT_MS = 300_000;
/** Certificates that a server's callback keeps, 45 KiB of memory each; a page loads from a few dozen names. */
export const MAX_SERVER_CONTEXTS = 500;
/** What a program may take to say whether a name is allowed: a look into a database, while a client waits. */
export const ALLOW_MS = 10_000;
/** How often a watched pair is looked at, and the clock: a sleep or a jump is noticed as soon. Two looks take 20 µs. */
export const WATCH_MS = 2000;
/** Before a renewal that failed is tried again: weeks are left, and it may ask somebody. */
export const RENEWAL_RETRY_MS = 3_600_000;
