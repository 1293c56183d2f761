// What the double of `security` does with each command line, in the process that asks: see security.mjs.
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { whyRefused } from './chain.mjs';
import { Exit, Hang, Machine, messages, notModelled } from './machine.mjs';

/**
 * @param argv the words after `security`
 * @param knobs see Machine
 * @returns what a process that ran it would have left behind; exitCode undefined: it waits for ever at a dialog
 */
export function security([command, ...argv], knobs) {
  const machine = new Machine(knobs);
  try {
    if (!Object.hasOwn(commands, command ?? '')) throw notModelled(`the command ${command}`);
    commands[command](argv, machine);
    return { exitCode: 0, stdout: machine.said, stderr: '' };
  } catch (error) {
    const exitCode = error instanceof Exit ? error.code : error instanceof Hang ? undefined : 70;
    return { exitCode, stdout: machine.said, stderr: `${error.message}\n` };
  }
}

const commands = {
  'add-trusted-cert'(argv, machine) {
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
      const held = machine.readKeychain(keychain);
      if (held === undefined)
        throw new Exit(1, `${keychain}: The specified keychain could not be found.`);
      machine.unlock(keychain);
      const der = certificate.raw.toString('base64');
      if (!held.includes(der)) machine.writeKeychain(keychain, [...held, der]);
    }
    const domain = options.d === undefined ? 'user' : 'admin';
    machine.authorize(domain, true, 'SecTrustSettingsSetTrustSettings');
    const settings = machine.readSettings(domain) ?? {};
    machine.writeSettings(domain, { ...settings, [sha1(certificate)]: policies });
  },

  'remove-trusted-cert'(argv, machine) {
    const { options, rest } = getopt(argv, 'dDh', 'd');
    if (rest.length !== 1) throw new Exit(2, 'Usage: remove-trusted-cert [-d] [-D] [certFile]');
    const domain = options.d === undefined ? 'user' : 'admin';
    const certificate = readCertificate(rest[0]);
    const settings = machine.readSettings(domain);
    if (settings === undefined)
      throw new Exit(1, `SecTrustSettingsRemoveTrustSettings: ${messages.noSettings}`);
    if (!(sha1(certificate) in settings))
      throw new Exit(1, `SecTrustSettingsRemoveTrustSettings: ${messages.notFound}`);
    const { [sha1(certificate)]: _, ...left } = settings;
    machine.authorize(domain, Object.keys(left).length > 0, 'SecTrustSettingsRemoveTrustSettings');
    machine.writeSettings(domain, left);
  },

  'default-keychain'(argv, machine) {
    const { options, rest } = getopt(argv, 'd:sh', 'd');
    if (one(options.d) !== 'user' || rest.length !== 0)
      throw notModelled('default-keychain but of the user');
    const found = machine.defaultKeychain();
    if (found === undefined)
      throw new Exit(
        1,
        'SecKeychainCopyDomainDefault user: A default keychain could not be found.',
      );
    machine.say(`    "${found}"\n`);
  },

  'find-certificate'(argv, machine) {
    const { options, rest } = getopt(argv, 'ac:e:hmpZ', 'acpZ');
    const prints = options.Z === undefined ? options.p : options.p === undefined;
    if (options.c === undefined || !prints || options.a === undefined)
      throw notModelled('find-certificate without -a, -c or one of -Z and -p');
    if (rest.length !== 1) throw notModelled('other than one keychain');
    const held = machine.readKeychain(rest[0]);
    if (held === undefined)
      throw notModelled('a keychain that is not there: the real one falls back to the search list');
    for (const der of held) {
      const certificate = new X509Certificate(Buffer.from(der, 'base64'));
      const name = commonName(certificate);
      if (!name.toLowerCase().includes(one(options.c).toLowerCase())) continue;
      if (options.p !== undefined) machine.say(certificate.toString());
      else
        machine.say(
          `SHA-256 hash: ${hash('sha256', certificate)}\nSHA-1 hash: ${sha1(certificate)}\n` +
            `keychain: "${rest[0]}"\nversion: 256\nclass: 0x80001000 \nattributes:\n    "labl"<blob>="${name}"\n`,
        );
    }
  },

  'delete-certificate'(argv, machine) {
    const { options, rest } = getopt(argv, 'c:Z:th', 'Z');
    if (options.Z === undefined)
      throw new Exit(2, 'Usage: delete-certificate [-c name] [-Z hash] [-t] [keychain...]');
    if (rest.length !== 1) throw notModelled('other than one keychain');
    const wanted = one(options.Z).toUpperCase();
    const held = machine.readKeychain(rest[0]) ?? [];
    const left = held.filter((der) => {
      const certificate = new X509Certificate(Buffer.from(der, 'base64'));
      return ![sha1(certificate), hash('sha256', certificate)].includes(wanted);
    });
    if (left.length === held.length)
      throw new Exit(1, `Unable to delete certificate matching "${wanted}"`);
    if (rest[0].startsWith('/Library/') && machine.uid !== 0)
      throw new Exit(1, 'UNIX[Permission denied]');
    machine.unlock(rest[0]);
    machine.writeKeychain(rest[0], left);
  },

  'trust-settings-export'(argv, machine) {
    const { options, rest } = getopt(argv, 'dsh', 'd');
    if (rest.length !== 1)
      throw new Exit(2, 'Usage: trust-settings-export [-s] [-d] settings_file');
    const settings = machine.readSettings(options.d === undefined ? 'user' : 'admin');
    if (settings === undefined)
      throw new Exit(1, `SecTrustSettingsCreateExternalRepresentation: ${messages.noSettings}`);
    const keys = Object.keys(settings).map((key) => `<key>${key}</key><dict/>`);
    writeFileSync(
      rest[0],
      `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict><key>trustList</key><dict>${keys.join('')}</dict></dict></plist>\n`,
    );
    machine.say('...Trust Settings exported successfully.\n');
  },

  'verify-cert'(argv, machine) {
    const { options, rest } = getopt(argv, 'c:r:k:n:s:p:e:E:d:D:lLNqCR:tP', 'cpnLq');
    if (rest.length > 0 || options.c === undefined) throw new Exit(2, 'Usage: verify-cert ...');
    if (one(options.p) !== 'ssl' || options.n === undefined || options.L === undefined)
      throw notModelled('verify-cert without -p ssl, -n or -L');
    const given = options.c.map(readCertificate);
    // The manual says it fails without -l, users report success.
    if (given[0].ca) throw notModelled('an authority as leaf');
    const anchors = ['user', 'admin'].flatMap((domain) =>
      Object.entries(machine.readSettings(domain) ?? {})
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
    if (options.q === undefined) machine.say('...certificate verification successful.\n');
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

function readCertificate(file) {
  if (!existsSync(file)) throw new Exit(1, `Error reading file ${file}`);
  return new X509Certificate(readFileSync(file));
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
