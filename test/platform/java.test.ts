import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { findAliases, javaStores } from '../../platform/java.ts';
import { findJdks } from '../../platform/jdks.ts';
import type { CommandResult, Host, Root, TrustStore } from '../../platform/types.ts';
import { fakeHost, line, recorder, temporaryFolder } from '../helpers/host.ts';

/** Paths that may not be written: root, as which tests may run, may write everything. */
const unwritable = vi.hoisted((): string[] => []);
/** Paths and whose they are, where it is not the user who runs the tests. */
const owners = vi.hoisted((): Map<string, number> => new Map());
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return {
    ...fs,
    accessSync: (path: string, mode?: number) => {
      if (unwritable.includes(path)) throw Object.assign(new Error('no'), { code: 'EACCES' });
      fs.accessSync(path, mode);
    },
    statSync: (path: string) => {
      const uid = owners.get(path);
      return Object.assign(fs.statSync(path), uid === undefined ? {} : { uid });
    },
  };
});

const der = Buffer.from('root'.repeat(40));
const root: Root = {
  pem: '',
  der,
  file: '/state/root.pem',
  sha256: createHash('sha256').update(der).digest('hex'),
  sha1: createHash('sha1').update(der).digest('hex'),
  commonName: 'devcert root',
};
const alias = `devcert-${root.sha256.slice(0, 16)}`;

function block(bytes: Buffer): string {
  const body = bytes.toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
}

function entry(name: string, bytes: Buffer, type = 'trustedCertEntry'): string {
  return `Alias name: ${name}\nCreation date: Nov 24, 2026\nEntry type: ${type}\n\n${block(bytes)}\n\n*******************************************\n\n`;
}

const listing = (...entries: string[]) =>
  `Keystore type: JKS\nKeystore provider: SUN\n\nYour keystore contains ${entries.length} entries\n\n${entries.join('')}`;

/** Makes an installation; `without` leaves parts out. */
function makeJdk(
  home: string,
  { cacerts = 'lib/security/cacerts', without = [] as string[] } = {},
) {
  const files = ['bin/java', 'bin/keytool', cacerts, 'release'].filter(
    (it) => !without.includes(it),
  );
  for (const file of files) {
    mkdirSync(dirname(join(home, file)), { recursive: true });
    writeFileSync(join(home, file), file === 'release' ? 'JAVA_VERSION="21.0.4"\n' : '');
  }
  return home;
}

function machine(overrides: Parameters<typeof fakeHost>[0] = {}): Host {
  const sysroot = realpathSync(temporaryFolder());
  return fakeHost({ sysroot, home: join(sysroot, 'home/ada'), isRoot: true, ...overrides });
}

async function onlyStore(host: Host): Promise<TrustStore> {
  const stores = await javaStores.find(host, {});
  const [store] = stores;
  if (store === undefined || stores.length > 1) throw new Error(`${stores.length} stores`);
  return store;
}

describe('findJdks()', () => {
  test.each([
    ['linux', 'usr/lib/jvm/temurin-25-jdk-amd64'],
    ['linux', 'usr/java/jdk-21'],
    ['linux', 'opt/jdk-21.0.4'],
    ['linux', 'opt/java/openjdk'],
    ['linux', 'home/ada/.sdkman/candidates/java/21.0.4-tem'],
    ['linux', 'home/ada/.jdks/corretto-21'],
    ['linux', 'home/ada/.asdf/installs/java/temurin-21'],
    ['linux', 'home/ada/.local/share/mise/installs/java/21'],
    ['linux', 'home/ada/.gradle/jdks/eclipse_adoptium-21'],
    ['linux', 'home/ada/.jenv/versions/21'],
    ['darwin', 'Library/Java/JavaVirtualMachines/temurin-21.jdk/Contents/Home'],
    ['darwin', 'home/ada/Library/Java/JavaVirtualMachines/jbr-21/Contents/Home'],
    ['darwin', 'opt/homebrew/opt/openjdk@21/libexec/openjdk.jdk/Contents/Home'],
    ['freebsd', 'usr/local/openjdk21'],
  ] as const)('finds one on %s in /%s', (platform, path) => {
    const host = machine({ platform });
    const home = makeJdk(join(host.sysroot, path));
    expect(findJdks(host)).toEqual([
      {
        home,
        version: '21.0.4',
        keystore: join(home, 'lib/security/cacerts'),
        keytool: join(home, 'bin/keytool'),
        leftover: false,
      },
    ]);
  });

  test('finds one in Program Files on Windows, with the endings of its programs', () => {
    const files = realpathSync(temporaryFolder());
    const home = makeJdk(join(files, 'Eclipse Adoptium/jdk-21.0.4'));
    writeFileSync(join(home, 'bin/keytool.exe'), '');
    const host = machine({ platform: 'win32', env: { ProgramFiles: files } });
    expect(findJdks(host).map(({ keytool }) => keytool)).toEqual([join(home, 'bin/keytool.exe')]);
  });

  test('finds JAVA_HOME and the Java on PATH, wherever they are', () => {
    const folder = realpathSync(temporaryFolder());
    const named = makeJdk(join(folder, 'named'));
    const onPath = makeJdk(join(folder, 'path'));
    symlinkSync(join(onPath, 'bin/java'), join(folder, 'java'));
    const host = machine({ env: { JAVA_HOME: named }, programs: { java: join(folder, 'java') } });
    expect(findJdks(host).map(({ home }) => home)).toEqual([named, onPath]);
  });

  test.each(['jdk', './jdk', '.'])(
    'a JAVA_HOME of "%s", which is relative, counts for nothing',
    (it) => {
      const folder = realpathSync(temporaryFolder());
      makeJdk(join(folder, 'jdk'));
      const cwd = process.cwd();
      onTestFinished(() => {
        process.chdir(cwd);
      });
      process.chdir(it === '.' ? join(folder, 'jdk') : folder);
      expect(findJdks(machine({ env: { JAVA_HOME: it } }))).toEqual([]);
    },
  );

  test('takes, of several that share a key store, the keytool that root may run', () => {
    const own = makeJdk(join(realpathSync(temporaryFolder()), 'own'));
    const host = machine({ env: { JAVA_HOME: own } });
    const shared = join(own, 'lib/security/cacerts');
    const home = makeJdk(join(host.sysroot, 'usr/lib/jvm/java-17'), {
      without: ['lib/security/cacerts'],
    });
    mkdirSync(join(home, 'lib/security'), { recursive: true });
    symlinkSync(shared, join(home, 'lib/security/cacerts'));
    expect(findJdks(host)).toMatchObject([{ home: own, keystore: shared }]);
    const findForRoot = (program: string) => (program.startsWith(own) ? undefined : program);
    expect(findJdks({ ...host, findForRoot })).toMatchObject([{ home, keystore: shared }]);
  });

  test('finds the key store of a Java 8, and a jssecacerts beside cacerts', () => {
    const host = machine();
    const home = makeJdk(join(host.sysroot, 'usr/lib/jvm/java-8'), {
      cacerts: 'jre/lib/security/cacerts',
    });
    writeFileSync(join(home, 'jre/lib/security/jssecacerts'), '');
    expect(findJdks(host).map(({ keystore }) => keystore)).toEqual([
      join(home, 'jre/lib/security/jssecacerts'),
      join(home, 'jre/lib/security/cacerts'),
    ]);
  });

  test('finds a key store that several share once', async () => {
    const host = machine();
    const shared = join(host.sysroot, 'etc/ssl/certs/java/cacerts');
    mkdirSync(dirname(shared), { recursive: true });
    writeFileSync(shared, '');
    for (const name of ['java-17', 'temurin-25']) {
      const home = makeJdk(join(host.sysroot, 'usr/lib/jvm', name), {
        without: ['lib/security/cacerts'],
      });
      mkdirSync(join(home, 'lib/security'), { recursive: true });
      symlinkSync(shared, join(home, 'lib/security/cacerts'));
    }
    symlinkSync('java-17', join(host.sysroot, 'usr/lib/jvm/default-java'));
    const store = await onlyStore(host);
    expect(store.name).toBe('Java (shared cacerts)');
    expect(store.location).toBe(shared);
  });

  test('tells those of one version apart by where they lie, and those of one home by the key store', async () => {
    const host = machine();
    const jvm = join(host.sysroot, 'usr/lib/jvm');
    makeJdk(join(jvm, 'a'));
    makeJdk(join(jvm, 'b'));
    writeFileSync(join(jvm, 'b/lib/security/jssecacerts'), '');
    const other = makeJdk(join(jvm, 'c'));
    writeFileSync(join(other, 'release'), 'JAVA_VERSION="25"\n');
    expect((await javaStores.find(host, {})).map(({ name }) => name)).toEqual([
      `Java 21.0.4 (${jvm}/a)`,
      `Java 21.0.4 (${jvm}/b/lib/security/jssecacerts)`,
      `Java 21.0.4 (${jvm}/b/lib/security/cacerts)`,
      'Java 25',
    ]);
  });

  test('finds none in a JAVA_HOME that points nowhere, and in folders that only look like one', () => {
    const host = machine({ env: { JAVA_HOME: '/nowhere/at/all' } });
    mkdirSync(join(host.sysroot, 'usr/lib/jvm/openjdk-17'), { recursive: true });
    makeJdk(join(host.sysroot, 'usr/lib/jvm/docs'), { without: ['bin/java', 'bin/keytool'] });
    expect(findJdks(host)).toEqual([]);
  });

  test('finds none behind a program on PATH that is only a stub', () => {
    const folder = realpathSync(temporaryFolder());
    makeJdk(folder, { without: ['lib/security/cacerts'] });
    expect(findJdks(machine({ programs: { java: join(folder, 'bin/java') } }))).toEqual([]);
  });
});

describe('findAliases()', () => {
  test('finds every alias whose certificate is the root, whatever it is called', () => {
    const other = Buffer.from('other'.repeat(40));
    const text = listing(
      entry(alias, other),
      entry('debian:devcert-1.pem', der),
      entry('my root (old)', der),
    );
    expect(findAliases(text, root)).toEqual(['debian:devcert-1.pem', 'my root (old)']);
    expect(findAliases(text.replaceAll('\n', '\r\n'), root)).toHaveLength(2);
  });

  test('does not take the chain of a private key for trust', () => {
    expect(findAliases(listing(entry('key', der, 'PrivateKeyEntry')), root)).toEqual([]);
  });

  test('finds nothing in nothing', () => {
    expect(findAliases('', root)).toEqual([]);
  });
});

describe('Java store', () => {
  function withKeytool(
    answer: Partial<CommandResult>,
    overrides: Parameters<typeof fakeHost>[0] = {},
  ) {
    const { run, lines, commands } = recorder(() => answer);
    const host = machine({ run, ...overrides });
    const home = makeJdk(join(host.sysroot, 'usr/lib/jvm/jdk-21'));
    return { host, home, lines, commands, keystore: join(home, 'lib/security/cacerts') };
  }

  test('asks keytool in English, free of options from the environment', async () => {
    const { host, home, lines, commands, keystore } = withKeytool({
      stdout: listing(entry('x', der)),
    });
    const store = await onlyStore(host);
    expect(store.name).toBe('Java 21.0.4');
    expect(await store.inspect(root)).toEqual({ state: 'trusted' });
    expect(lines).toEqual([
      `${home}/bin/keytool -J-Duser.language=en -list -rfc -keystore ${keystore} -storepass changeit`,
    ]);
    expect(commands[0]?.env).toEqual({
      JAVA_TOOL_OPTIONS: '',
      _JAVA_OPTIONS: '',
      JDK_JAVA_OPTIONS: '',
    });
  });

  test('imports under its fingerprint', async () => {
    const { host, home, keystore } = withKeytool({ stdout: listing() });
    const store = await onlyStore(host);
    expect(await store.inspect(root)).toEqual({ state: 'absent' });
    expect((await store.planInstall(root)).map(line)).toEqual([
      `${home}/bin/keytool -J-Duser.language=en -importcert -noprompt -alias ${alias} -file /state/root.pem -keystore ${keystore} -storepass changeit`,
    ]);
  });

  test('deletes every entry that is the root, and nothing where there is none', async () => {
    const { host, home, keystore } = withKeytool({
      stdout: listing(
        entry(alias, der),
        entry('debian:devcert-1.pem', der),
        entry('z', Buffer.from('z')),
      ),
    });
    const remove = (name: string) =>
      `${home}/bin/keytool -J-Duser.language=en -delete -alias ${name} -keystore ${keystore} -storepass changeit`;
    expect((await (await onlyStore(host)).planUninstall(root)).map(line)).toEqual([
      remove(alias),
      remove('debian:devcert-1.pem'),
    ]);
    const empty = withKeytool({ stdout: listing() });
    expect(await (await onlyStore(empty.host)).planUninstall(root)).toEqual([]);
  });

  test.each([
    ['linux', true],
    ['darwin', true],
    ['win32', false],
  ] as const)(
    'needs root for a key store it may not write, on %s: %s',
    async (platform, elevated) => {
      const { host } = withKeytool({ stdout: listing() }, { platform });
      const home = makeJdk(join(realpathSync(temporaryFolder()), 'jdk'));
      writeFileSync(join(home, 'bin/keytool.exe'), '');
      owners.set(home, 0);
      const elevates = async (isRoot = false) => {
        const stores = await javaStores.find({ ...host, isRoot, env: { JAVA_HOME: home } }, {});
        const store = stores.find(({ location }) => location.startsWith(home));
        return (await store?.planInstall(root))?.[0]?.elevated;
      };
      expect(await elevates()).toBe(false);
      unwritable.push(join(home, 'lib/security/cacerts'));
      expect(await elevates()).toBe(elevated);
      expect(await elevates(true)).toBe(false);
    },
  );

  describe('a key store that the user may not write', () => {
    async function unwritableStore(homeOwner: number, keystoreOwner: number) {
      const { host, home, keystore } = withKeytool({ stdout: listing() }, { isRoot: false });
      owners.set(home, homeOwner);
      owners.set(keystore, keystoreOwner);
      unwritable.push(keystore);
      const store = await onlyStore(host);
      const [command] = await store.planInstall(root);
      if (command === undefined) throw new Error('no command');
      return { store, command, home, keystore };
    }
    const denied = {
      exitCode: 1,
      stdout: 'keytool error: java.io.FileNotFoundException: x (Permission denied)',
      stderr: '',
    };

    test('of root’s Java gets the root as root, from standard input', async () => {
      const { store, command, home, keystore } = await unwritableStore(0, 0);
      expect(line(command)).toBe(
        `sudo ${home}/bin/keytool -J-Duser.language=en -importcert -noprompt -alias ${alias} -keystore ${keystore} -storepass changeit`,
      );
      expect(command.input).toBe(root.pem);
      expect(store.explain?.(command, denied)?.hint).not.toContain('chmod');
    });

    test.each([
      [1000, 'chmod u+w'],
      [0, 'sudo chown 1000 KEYSTORE && chmod u+w'],
    ])('of a Java of the user’s own is never written with sudo, owner %i', async (owner, mend) => {
      const { store, command, keystore } = await unwritableStore(1000, owner);
      expect(command).toMatchObject({ elevated: false });
      expect(command.input).toBeUndefined();
      expect(store.explain?.(command, denied)).toEqual({
        reason: 'you may not write its key store, and a Java of your own is never run with sudo',
        hint: `make it writable, then run this again: ${mend.replace('KEYSTORE', keystore)} ${keystore}`,
      });
    });

    test('that a Java of the user’s own shares with the system is left to root’s', async () => {
      const { host, home, keystore } = withKeytool({ stdout: listing() }, { isRoot: false });
      const shared = join(host.sysroot, 'shared');
      renameSync(keystore, shared);
      symlinkSync(shared, keystore);
      owners.set(home, 1000);
      unwritable.push(shared);
      const store = await onlyStore(host);
      const [command] = await store.planInstall(root);
      expect(command?.elevated).toBe(false);
      expect(command && store.explain?.(command, denied)?.hint).toBe(
        'import the root with the keytool of a Java that belongs to root',
      );
    });
  });

  test.each([
    [
      'Keystore was tampered with, or password was incorrect',
      'its password is not "changeit", or it is damaged',
    ],
    [
      'java.io.IOException: keystore password was incorrect',
      'its password is not "changeit", or it is damaged',
    ],
    ['java.io.EOFException', 'the key store is damaged'],
    ['java.security.KeyStoreException: Unrecognized keystore format', 'the key store is damaged'],
    ['java.lang.Exception: Keystore file exists, but is empty: x', 'the key store is damaged'],
    [
      'java.io.FileNotFoundException: x (Permission denied)',
      'this user may not write or read the key store',
    ],
    [
      'java.lang.Error: something new',
      'keytool cannot read it: keytool error: java.lang.Error: something new',
    ],
  ])('is not available after "%s"', async (said, reason) => {
    const { host } = withKeytool({ exitCode: 1, stdout: `keytool error: ${said}\n` });
    const store = await onlyStore(host);
    expect(await store.inspect(root)).toMatchObject({ state: 'unavailable', needed: true, reason });
    await expect(store.planUninstall(root)).rejects.toMatchObject({
      code: 'store',
      message: reason,
    });
  });

  test.each([
    ['timeout', 'keytool did not end in time'],
    ['not-found', 'keytool did not run (not-found)'],
    ['unsafe', 'its keytool is not run as root: users other than root can change it'],
  ] as const)('is not available after %s', async (failure, reason) => {
    const { host } = withKeytool({ exitCode: undefined, failure });
    expect(await (await onlyStore(host)).inspect(root)).toMatchObject({
      state: 'unavailable',
      needed: true,
      reason,
    });
  });

  test('is not available without a key store, which a real Java needs', async () => {
    const host = machine();
    const home = makeJdk(join(host.sysroot, 'usr/lib/jvm/jdk'), {
      without: ['lib/security/cacerts'],
    });
    const store = await onlyStore(host);
    expect(await store.inspect(root)).toMatchObject({
      state: 'unavailable',
      needed: true,
      reason: `the Java in "${home}" has no lib/security/cacerts`,
    });
    expect([await store.planInstall(root), await store.planUninstall(root)]).toEqual([[], []]);
  });

  test('is not available without keytool', async () => {
    const host = machine();
    const home = makeJdk(join(host.sysroot, 'usr/lib/jvm/jre'), { without: ['bin/keytool'] });
    expect(await (await onlyStore(host)).inspect(root)).toMatchObject({
      state: 'unavailable',
      needed: true,
      reason: `the Java in "${home}" has no keytool`,
    });
  });

  test('is not needed where JAVA_HOME points at a folder without Java', async () => {
    const folder = realpathSync(temporaryFolder());
    const store = await onlyStore(machine({ env: { JAVA_HOME: folder } }));
    expect(await store.inspect(root)).toEqual({
      state: 'unavailable',
      needed: false,
      reason: `there is no Java in "${folder}", where JAVA_HOME points`,
    });
  });

  test('explains a read-only file system', async () => {
    const { host } = withKeytool({});
    const result = { exitCode: 1, stdout: 'x (Read-only file system)', stderr: '' };
    const store = await onlyStore(host);
    expect(store.explain?.({ file: 'keytool', args: [] }, result)?.reason).toBe(
      'the file system is read-only',
    );
    expect(
      store.explain?.({ file: 'keytool', args: [] }, { ...result, stdout: '' }),
    ).toBeUndefined();
  });
});
