#!/usr/bin/env node
// A strict double of macOS's /usr/bin/security, after Apple's published source (Security, SecurityTool/macOS):
// BSD getopt, state, exit codes, messages. Whatever it does not model ends with exit code 70 and says so.
//
// SECD_ROOT    folder that stands for / where System.keychain and the trust settings are concerned
// SECD_UID     0 for root; 501 by default
// SECD_UI      what happens to a dialog: allow (default), cancel, none (no session), hang
// SECD_SIP     off lets root add trust settings for the machine without a dialog; on by default
// SECD_LOCKED  1: the login keychain is locked, so that changing it needs a dialog
// SECD_LOG     file that gets each argv as a line of JSON
import { createHash, X509Certificate } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { whyRefused } from './chain.mjs';

const {
  SECD_ROOT,
  SECD_UID = '501',
  SECD_UI = 'allow',
  SECD_SIP = 'on',
  SECD_LOCKED,
  SECD_LOG,
  HOME,
} = process.env;
const messages = {
  cancel: 'The authorization was canceled by the user.', // -60006
  none: 'The authorization was denied since no user interaction was possible.', // -60007
  noSettings: 'No Trust Settings were found.', // -25263
  notFound: 'The specified item could not be found in the keychain.', // -25300
};

class Exit extends Error {
  constructor(code, message = '') {
    super(message);
    this.code = code;
  }
}

const commands = {
  async 'add-trusted-cert'(argv) {
    const { options, rest } = getopt(argv, 'dr:a:p:s:e:u:k:i:o:h', 'drpk');
    if (rest.length !== 1) throw new Exit(2, 'Usage: add-trusted-cert [...] certFile');
    const result = one(options.r) ?? 'trustRoot';
    if (result !== 'trustRoot') throw notModelled(`-r ${result}`);
    const policies = options.p ?? [];
    for (const policy of policies)
      if (!['ssl', 'basic'].includes(policy)) throw notModelled(`-p ${policy}`);
    const certificate = readCertificate(rest[0]);
    if (!certificate.ca || !certificate.checkIssued(certificate))
      throw notModelled('trustRoot for no root');
    // The keychain is written before the trust settings: a cancelled dialog leaves the certificate there.
    const keychain = one(options.k);
    if (keychain !== undefined) {
      const held = readKeychain(keychain);
      if (held === undefined)
        throw new Exit(1, `${keychain}: The specified keychain could not be found.`);
      await unlock(keychain);
      const der = certificate.raw.toString('base64');
      if (!held.includes(der)) writeKeychain(keychain, [...held, der]);
    }
    const domain = options.d === undefined ? 'user' : 'admin';
    await authorize(domain, true, 'SecTrustSettingsSetTrustSettings');
    const settings = readSettings(domain) ?? {};
    writeSettings(domain, { ...settings, [sha1(certificate)]: policies });
  },

  async 'remove-trusted-cert'(argv) {
    const { options, rest } = getopt(argv, 'dDh', 'd');
    if (rest.length !== 1) throw new Exit(2, 'Usage: remove-trusted-cert [-d] [-D] [certFile]');
    const domain = options.d === undefined ? 'user' : 'admin';
    const certificate = readCertificate(rest[0]);
    const settings = readSettings(domain);
    if (settings === undefined)
      throw new Exit(1, `SecTrustSettingsRemoveTrustSettings: ${messages.noSettings}`);
    if (!(sha1(certificate) in settings))
      throw new Exit(1, `SecTrustSettingsRemoveTrustSettings: ${messages.notFound}`);
    const { [sha1(certificate)]: _, ...left } = settings;
    await authorize(domain, Object.keys(left).length > 0, 'SecTrustSettingsRemoveTrustSettings');
    writeSettings(domain, left);
  },

  'find-certificate'(argv) {
    const { options, rest } = getopt(argv, 'ac:e:hmpZ', 'acZ');
    if (options.c === undefined || options.Z === undefined || options.a === undefined)
      throw notModelled('find-certificate without -a, -c or -Z');
    if (rest.length !== 1) throw notModelled('other than one keychain');
    const held = readKeychain(rest[0]);
    if (held === undefined)
      throw notModelled('a keychain that is not there: the real one falls back to the search list');
    for (const der of held) {
      const certificate = new X509Certificate(Buffer.from(der, 'base64'));
      const name = commonName(certificate);
      if (!name.toLowerCase().includes(one(options.c).toLowerCase())) continue;
      process.stdout.write(
        `SHA-256 hash: ${hash('sha256', certificate)}\nSHA-1 hash: ${sha1(certificate)}\n` +
          `keychain: "${rest[0]}"\nversion: 256\nclass: 0x80001000 \nattributes:\n    "labl"<blob>="${name}"\n`,
      );
    }
  },

  async 'delete-certificate'(argv) {
    const { options, rest } = getopt(argv, 'c:Z:th', 'Z');
    if (options.Z === undefined)
      throw new Exit(2, 'Usage: delete-certificate [-c name] [-Z hash] [-t] [keychain...]');
    if (rest.length !== 1) throw notModelled('other than one keychain');
    const wanted = one(options.Z).toUpperCase();
    const held = readKeychain(rest[0]) ?? [];
    const left = held.filter((der) => {
      const certificate = new X509Certificate(Buffer.from(der, 'base64'));
      return ![sha1(certificate), hash('sha256', certificate)].includes(wanted);
    });
    if (left.length === held.length)
      throw new Exit(1, `Unable to delete certificate matching "${wanted}"`);
    if (rest[0].startsWith('/Library/') && SECD_UID !== '0')
      throw new Exit(1, 'UNIX[Permission denied]');
    await unlock(rest[0]);
    writeKeychain(rest[0], left);
  },

  'trust-settings-export'(argv) {
    const { options, rest } = getopt(argv, 'dsh', 'd');
    if (rest.length !== 1)
      throw new Exit(2, 'Usage: trust-settings-export [-s] [-d] settings_file');
    const settings = readSettings(options.d === undefined ? 'user' : 'admin');
    if (settings === undefined)
      throw new Exit(1, `SecTrustSettingsCreateExternalRepresentation: ${messages.noSettings}`);
    const keys = Object.keys(settings).map((key) => `<key>${key}</key><dict/>`);
    writeFileSync(
      rest[0],
      `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict><key>trustList</key><dict>${keys.join('')}</dict></dict></plist>\n`,
    );
    process.stdout.write('...Trust Settings exported successfully.\n');
  },

  'verify-cert'(argv) {
    const { options, rest } = getopt(argv, 'c:r:k:n:s:p:e:E:d:D:lLNqCR:tP', 'cpnLq');
    if (rest.length > 0 || options.c === undefined) throw new Exit(2, 'Usage: verify-cert ...');
    if (one(options.p) !== 'ssl' || options.n === undefined || options.L === undefined)
      throw notModelled('verify-cert without -p ssl, -n or -L');
    const given = options.c.map(readCertificate);
    // The manual says it fails without -l, users report success.
    if (given[0].ca) throw notModelled('an authority as leaf');
    const anchors = ['user', 'admin'].flatMap((domain) =>
      Object.entries(readSettings(domain) ?? {})
        .filter(([, policies]) => policies.length === 0 || policies.includes('ssl'))
        .map(([key]) => key),
    );
    const certificates = given.map(({ raw }) => raw);
    const why = whyRefused(certificates, one(options.n), new Date(), (it) =>
      anchors.includes(sha1(it)),
    );
    // The words are plausible, not sourced; the exit code is.
    if (why !== undefined)
      throw new Exit(1, options.q === undefined ? `Cert Verify Result: ${why}` : '');
    if (options.q === undefined) process.stdout.write('...certificate verification successful.\n');
  },
};

/** BSD getopt: stops at the first word that is no option. @param modelled the letters that are. */
function getopt(argv, grammar, modelled) {
  const options = {};
  let at = 0;
  for (; at < argv.length && /^-./.test(argv[at]); at++) {
    if (argv[at] === '--') {
      at++;
      break;
    }
    for (let i = 1; i < argv[at].length; i++) {
      const letter = argv[at][i];
      const place = letter === ':' ? -1 : grammar.indexOf(letter);
      if (place === -1) throw new Exit(2, `security: illegal option -- ${letter}`);
      if (!modelled.includes(letter)) throw notModelled(`-${letter}`);
      const takesValue = grammar[place + 1] === ':';
      let value = true;
      if (takesValue) {
        value = argv[at].slice(i + 1) || argv[++at];
        if (value === undefined)
          throw new Exit(2, `security: option requires an argument -- ${letter}`);
      }
      (options[letter] ??= []).push(value);
      if (takesValue) break;
    }
  }
  return { options, rest: argv.slice(at) };
}

function one(values) {
  if (values !== undefined && values.length > 1) throw notModelled('an option given twice');
  return values?.[0];
}

/** Root changes the machine's settings without a dialog only with SIP off, and only while some are left. */
async function authorize(domain, someLeft, caller) {
  if (domain === 'admin' && SECD_UID === '0' && SECD_SIP === 'off' && someLeft) return;
  await dialog(caller);
}

async function unlock(keychain) {
  if (SECD_LOCKED === '1' && !keychain.startsWith('/Library/')) await dialog('SecKeychainUnlock');
}

async function dialog(caller) {
  if (SECD_UI === 'allow') return;
  if (SECD_UI === 'hang') await new Promise((resolve) => setTimeout(resolve, 2 ** 31 - 1));
  if (!(SECD_UI in messages)) throw notModelled(`SECD_UI=${SECD_UI}`);
  throw new Exit(1, `${caller}: ${messages[SECD_UI]}`);
}

function readCertificate(file) {
  if (!existsSync(file)) throw new Exit(1, `Error reading file ${file}`);
  return new X509Certificate(readFileSync(file));
}

// A keychain is a file with a JSON list of DER in base64; an empty one is an empty file.
function keychainFile(path) {
  return path.startsWith('/Library/') ? join(SECD_ROOT, path) : path;
}

function readKeychain(path) {
  return readJson(keychainFile(path), []);
}

function writeKeychain(path, certificates) {
  writeFileSync(keychainFile(path), JSON.stringify(certificates));
}

function settingsFile(domain) {
  const folder = domain === 'admin' ? join(SECD_ROOT, 'Library') : join(HOME, 'Library');
  return join(folder, 'TrustSettings.json');
}

function readSettings(domain) {
  const settings = readJson(settingsFile(domain), {});
  return settings === undefined || Object.keys(settings).length === 0 ? undefined : settings;
}

function writeSettings(domain, settings) {
  mkdirSync(dirname(settingsFile(domain)), { recursive: true });
  writeFileSync(settingsFile(domain), JSON.stringify(settings));
}

function readJson(file, empty) {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8');
  return text === '' ? empty : JSON.parse(text);
}

function commonName({ subject }) {
  return /^CN=(.*)$/m.exec(subject)?.[1] ?? '';
}

function sha1(certificate) {
  return hash('sha1', certificate);
}

function hash(algorithm, { raw }) {
  return createHash(algorithm).update(raw).digest('hex').toUpperCase();
}

function notModelled(what) {
  return new Exit(70, `the double of security does not model ${what}`);
}

const [command, ...argv] = process.argv.slice(2);
if (SECD_LOG !== undefined) appendFileSync(SECD_LOG, `${JSON.stringify([command, ...argv])}\n`);
try {
  if (!Object.hasOwn(commands, command ?? '')) throw notModelled(`the command ${command}`);
  await commands[command](argv);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof Exit ? error.code : 70;
}
