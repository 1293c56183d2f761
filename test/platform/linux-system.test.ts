import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { linuxSystemStores } from '../../platform/linux-system.ts';
import type { Host, Root, TrustStore } from '../../platform/types.ts';
import { fakeHost, line, temporaryFolder } from '../helpers/host.ts';

/** Folders that give an error: root, as which tests may run, may read everything. */
const unreadable = vi.hoisted((): Map<string, string> => new Map());
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const readdirSync = (path: string, ...options: [{ withFileTypes: true }]) => {
    const code = unreadable.get(path);
    if (code !== undefined) throw Object.assign(new Error(code), { code });
    return fs.readdirSync(path, ...options);
  };
  return { ...fs, readdirSync };
});

function makeRoot(content = 'root'): Root {
  const der = Buffer.from(content.repeat(30));
  const hash = (algorithm: string) => createHash(algorithm).update(der).digest('hex');
  const body = der.toString('base64').replace(/.{64}/g, '$&\n');
  return {
    pem: `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`,
    der,
    file: '/state/root.pem',
    sha256: hash('sha256'),
    sha1: hash('sha1'),
    commonName: 'devcert root',
  };
}

const root = makeRoot();
const other = makeRoot('other');
const name = `devcert-${root.sha256.slice(0, 16)}`;

/** A machine of which these files exist; a value with `-> ` in front is a link, `/` a folder. */
function machine(files: Record<string, string>, programs: readonly string[], platform = 'linux') {
  const sysroot = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    const file = join(sysroot, path);
    mkdirSync(content === '/' ? file : dirname(file), { recursive: true });
    if (content.startsWith('-> ')) symlinkSync(content.slice(3), file);
    else if (content !== '/') writeFileSync(file, content);
  }
  return fakeHost({
    sysroot,
    platform: platform as NodeJS.Platform,
    programs: Object.fromEntries(programs.map((it) => [it, `/usr/sbin/${it}`])),
  });
}

async function onlyStore(host: Host): Promise<TrustStore> {
  const stores = await linuxSystemStores.find(host, {});
  const [store] = stores;
  if (store === undefined || stores.length > 1) throw new Error(`${stores.length} stores`);
  return store;
}

const lines = async (plan: Promise<readonly Parameters<typeof line>[0][]>) =>
  (await plan).map(line);

interface Case {
  readonly system: string;
  readonly platform?: string;
  readonly bare: Record<string, string>;
  readonly program: string;
  readonly anchor: string;
  readonly bundle: string;
  readonly install: readonly string[];
  readonly uninstall: readonly string[];
}

const cases: readonly Case[] = [
  {
    system: 'Debian',
    bare: {
      '/usr/local/share/ca-certificates': '/',
      '/etc/os-release': 'ID=debian\nNAME="Debian GNU/Linux"\n',
    },
    program: 'update-ca-certificates',
    anchor: `/usr/local/share/ca-certificates/${name}.crt`,
    bundle: '/etc/ssl/certs/ca-certificates.crt',
    install: ['sudo /usr/sbin/update-ca-certificates'],
    uninstall: ['sudo /usr/sbin/update-ca-certificates'],
  },
  {
    system: 'Fedora Linux',
    bare: {
      '/etc/pki/ca-trust/source/anchors': '/',
      '/etc/os-release': 'NAME="Fedora Linux"\n',
    },
    program: 'update-ca-trust',
    anchor: `/etc/pki/ca-trust/source/anchors/${name}.pem`,
    bundle: '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
    install: ['sudo /usr/sbin/update-ca-trust extract'],
    uninstall: ['sudo /usr/sbin/update-ca-trust extract'],
  },
  {
    system: 'Arch Linux',
    bare: {
      '/etc/ca-certificates/trust-source/anchors': '/',
      '/usr/lib/os-release': 'NAME="Arch Linux"\n',
    },
    program: 'trust',
    anchor: `/etc/ca-certificates/trust-source/anchors/${name}.crt`,
    bundle: '/etc/ca-certificates/extracted/tls-ca-bundle.pem',
    install: ['sudo /usr/sbin/trust extract-compat'],
    uninstall: ['sudo /usr/sbin/trust extract-compat'],
  },
  {
    system: 'openSUSE Tumbleweed',
    bare: { '/etc/pki/trust/anchors': '/', '/etc/os-release': 'NAME="openSUSE Tumbleweed"\n' },
    program: 'update-ca-certificates',
    anchor: `/etc/pki/trust/anchors/${name}.pem`,
    bundle: '/var/lib/ca-certificates/ca-bundle.pem',
    install: ['sudo /usr/sbin/update-ca-certificates'],
    uninstall: ['sudo /usr/sbin/update-ca-certificates'],
  },
  {
    system: 'Alpine Linux',
    bare: {
      '/etc/alpine-release': '3.22.0',
      '/usr/local/share/ca-certificates': '/',
      '/etc/os-release': 'NAME="Alpine Linux"\n',
    },
    program: 'update-ca-certificates',
    anchor: `/usr/local/share/ca-certificates/${name}.crt`,
    bundle: '/etc/ssl/certs/ca-certificates.crt',
    install: ['sudo /usr/sbin/update-ca-certificates'],
    uninstall: ['sudo /usr/sbin/update-ca-certificates'],
  },
  {
    system: 'Gentoo',
    bare: { '/etc/gentoo-release': 'Gentoo', '/etc/os-release': "NAME='Gentoo'\n" },
    program: 'update-ca-certificates',
    anchor: `/usr/local/share/ca-certificates/${name}.crt`,
    bundle: '/etc/ssl/certs/ca-certificates.crt',
    install: ['sudo /usr/sbin/update-ca-certificates'],
    uninstall: [
      'sudo /usr/sbin/update-ca-certificates',
      'sudo rmdir -- /usr/local/share/ca-certificates',
    ],
  },
  {
    system: 'FreeBSD',
    platform: 'freebsd',
    bare: { '/usr/share/certs/trusted': '/', '/etc/ssl/certs': '/' },
    program: 'certctl',
    anchor: `/usr/local/etc/ssl/certs/${name}.pem`,
    bundle: '/etc/ssl/certs/0a1b2c3d.0',
    install: ['sudo /usr/sbin/certctl rehash'],
    uninstall: ['sudo /usr/sbin/certctl rehash', 'sudo rmdir -- /usr/local/etc/ssl/certs'],
  },
];

describe.each(cases)('system store of $system', (it) => {
  const { bare, program, anchor, bundle, platform } = it;

  test('is absent, and install makes the folder if need be, writes and refreshes', async () => {
    const store = await onlyStore(machine(bare, [program], platform));
    expect(store.name).toBe(`${it.system} system store`);
    expect(await store.inspect(root)).toEqual({ state: 'absent' });
    expect(await lines(store.planUninstall(root))).toEqual([]);
    const makes = dirname(anchor) in bare ? [] : [`sudo install -d -m 0755 ${dirname(anchor)}`];
    expect(await lines(store.planInstall(root))).toEqual([
      ...makes,
      `sudo install -m 0644 /dev/null ${anchor}`,
      `sudo tee ${anchor}`,
      ...it.install,
    ]);
    const plan = await store.planInstall(root);
    expect(plan.map(({ input }) => input).filter((it) => it !== undefined)).toEqual([root.pem]);
    expect(plan.at(-1)?.timeoutMs).toBe(120_000);
  });

  test('trusts a root that is in what programs read, and uninstall takes it out', async () => {
    const files = { ...bare, [anchor]: root.pem, [bundle]: root.pem };
    const store = await onlyStore(machine(files, [program], platform));
    expect(await store.inspect(root)).toEqual({ state: 'trusted' });
    expect(await store.inspect(other)).toEqual({ state: 'absent' });
    const copies = platform === 'freebsd' ? ` ${bundle}` : '';
    expect(await lines(store.planUninstall(root))).toEqual([
      `sudo rm -f -- ${anchor}${copies}`,
      ...it.uninstall,
    ]);
  });

  test('is partial if the anchor has not been spread', async () => {
    const store = await onlyStore(machine({ ...bare, [anchor]: root.pem }, [program], platform));
    expect(await store.inspect(root)).toMatchObject({ state: 'partial' });
    expect((await lines(store.planUninstall(root)))[0]).toBe(`sudo rm -f -- ${anchor}`);
  });
});

const [debian] = cases as [Case];
const folder = '/usr/local/share/ca-certificates';
const bundle = '/etc/ssl/certs/ca-certificates.crt';

describe('linuxSystemStores', () => {
  test.each(['darwin', 'win32'])('finds nothing on %s', async (platform) => {
    expect(
      await linuxSystemStores.find(fakeHost({ platform: platform as NodeJS.Platform }), {}),
    ).toEqual([]);
  });

  test('finds the layout whose program is there where folders of two are', async () => {
    const host = machine({ ...debian.bare, '/etc/pki/ca-trust/source/anchors': '/' }, [
      debian.program,
    ]);
    expect((await onlyStore(host)).location).toBe(folder);
  });

  test('takes update-ca-trust on Arch where there is one', async () => {
    const host = machine(cases[2]?.bare ?? {}, ['trust', 'update-ca-trust']);
    const plan = await lines((await onlyStore(host)).planInstall(root));
    expect(plan.at(-1)).toBe('sudo /usr/sbin/update-ca-trust');
  });

  test('says what to do by hand on NixOS and on an unknown system', async () => {
    const nixos = await onlyStore(machine({ '/etc/NIXOS': '', ...debian.bare }, []));
    expect(await nixos.inspect(root)).toEqual({
      state: 'unavailable',
      reason: 'devcert does not know how this system keeps its CAs',
      hint: 'add /state/root.pem to security.pki.certificateFiles in configuration.nix and run "sudo nixos-rebuild switch"',
      needed: true,
    });
    const unknown = await onlyStore(machine({}, []));
    expect(await unknown.inspect(root)).toMatchObject({
      state: 'unavailable',
      hint: "add /state/root.pem to this system's list of trusted CAs by hand",
      needed: true,
    });
    expect(await unknown.planInstall(root)).toEqual([]);
    expect(await unknown.planUninstall(root)).toEqual([]);
  });
});

describe('system store', () => {
  test('finds its root among others in a bundle, however its lines are broken', async () => {
    const flat = `# a comment\r\n-----BEGIN CERTIFICATE-----\r\n${root.der.toString('base64')}\r\n-----END CERTIFICATE-----\r\n`;
    const host = machine({ ...debian.bare, [bundle]: other.pem + flat + other.pem }, []);
    expect(await (await onlyStore(host)).inspect(root)).toEqual({ state: 'trusted' });
  });

  test('removes a file under any name that is exactly the root, and no other', async () => {
    const host = machine(
      {
        ...debian.bare,
        [`${folder}/mkcert_1.crt`]: root.pem,
        [`${folder}/team/copy.crt`]: root.pem,
        [`${folder}/devcert-0000000000000000.crt`]: other.pem,
        [bundle]: root.pem,
      },
      [debian.program],
    );
    const store = await onlyStore(host);
    expect(await store.inspect(root)).toEqual({ state: 'trusted' });
    const [remove] = await store.planUninstall(root);
    expect([...(remove?.args ?? [])].sort()).toEqual([
      '--',
      '-f',
      `${folder}/mkcert_1.crt`,
      `${folder}/team/copy.crt`,
    ]);
  });

  test('takes the root out of a file with other certificates, and nothing else', async () => {
    const [before, after] = ['# team\xe9\r\n', '\n# end'];
    const mixed = `${folder}/team.crt`;
    const host = machine({ ...debian.bare, [bundle]: root.pem }, [debian.program]);
    const text = before + other.pem + root.pem + other.pem + after;
    writeFileSync(join(host.sysroot, mixed), text, 'latin1');
    const store = await onlyStore(host);
    const plan = await store.planUninstall(root);
    expect(plan.map(line)).toEqual([`sudo tee ${mixed}`, 'sudo /usr/sbin/update-ca-certificates']);
    expect(plan[0]?.input).toEqual(Buffer.from(before + other.pem + other.pem + after, 'latin1'));
  });

  test('is partial if only a file with other certificates has it', async () => {
    const mixed = `${folder}/team.crt`;
    const host = machine({ ...debian.bare, [mixed]: other.pem + root.pem }, [debian.program]);
    expect(await (await onlyStore(host)).inspect(root)).toMatchObject({
      state: 'partial',
      reason: expect.stringContaining(mixed) as string,
    });
  });

  test.each([
    ['below a folder of others', { [`${folder}/team/all.crt`]: root.pem + other.pem }],
    [
      'through a link',
      { '/srv/all.crt': root.pem + other.pem, [`${folder}/all.crt`]: '-> ../../../../srv/all.crt' },
    ],
  ])('names such a file %s, where it is not written as root', async (_where, files) => {
    const store = await onlyStore(machine({ ...debian.bare, ...files }, [debian.program]));
    const file = Object.keys(files).at(-1) ?? '';
    await expect(store.planUninstall(root)).rejects.toMatchObject({
      code: 'store',
      message: `the root is one of several certificates in "${file}"`,
    });
  });

  test('removes its own file though it was cut short', async () => {
    const host = machine({ ...debian.bare, [debian.anchor]: '-----BEGIN' }, [debian.program]);
    const store = await onlyStore(host);
    expect(await store.inspect(root)).toMatchObject({ state: 'partial' });
    expect((await lines(store.planUninstall(root)))[0]).toBe(`sudo rm -f -- ${debian.anchor}`);
  });

  test('sees dangling links of a removed anchor and removes both', async () => {
    const host = machine(
      {
        ...debian.bare,
        [`/etc/ssl/certs/${name}.pem`]: `-> ${debian.anchor}`,
        '/etc/ssl/certs/0a1b2c3d.0': `-> ${name}.pem`,
        '/etc/ssl/certs/deadbeef.0': '-> someone-elses.pem',
      },
      [debian.program],
    );
    const store = await onlyStore(host);
    expect(await store.inspect(root)).toEqual({
      state: 'partial',
      reason: `links to it are left: /etc/ssl/certs/${name}.pem, /etc/ssl/certs/0a1b2c3d.0`,
    });
    expect(await lines(store.planUninstall(root))).toEqual([
      `sudo rm -f -- /etc/ssl/certs/${name}.pem /etc/ssl/certs/0a1b2c3d.0`,
      'sudo /usr/sbin/update-ca-certificates',
    ]);
  });

  test('has the links made anew where another root shares the hash', async () => {
    const host = machine(
      {
        ...debian.bare,
        [debian.anchor]: root.pem,
        [`/etc/ssl/certs/${name}.pem`]: `-> ${debian.anchor}`,
        '/etc/ssl/certs/0a1b2c3d.0': `-> ${name}.pem`,
        '/etc/ssl/certs/0a1b2c3d.1': '-> twin.pem',
      },
      [debian.program],
    );
    const plan = await lines((await onlyStore(host)).planUninstall(root));
    expect(plan.at(-1)).toBe('sudo /usr/sbin/update-ca-certificates --fresh');
  });

  test('keeps a folder of Gentoo in which others have files', async () => {
    const bare = cases[5]?.bare ?? {};
    const files = { ...bare, [debian.anchor]: root.pem, [`${folder}/theirs.crt`]: other.pem };
    const plan = await lines(
      (await onlyStore(machine(files, [debian.program]))).planUninstall(root),
    );
    expect(plan.at(-1)).toBe('sudo /usr/sbin/update-ca-certificates');
  });

  test('refreshes only, if the root is in the bundle and in no file of its own', async () => {
    const host = machine({ ...debian.bare, [bundle]: root.pem }, [debian.program]);
    expect(await lines((await onlyStore(host)).planUninstall(root))).toEqual([
      'sudo /usr/sbin/update-ca-certificates',
    ]);
  });

  test('says that dynamic configuration is off where one bundle lacks the root (CentOS 6)', async () => {
    const [, fedora] = cases as [Case, Case];
    const files = {
      ...fedora.bare,
      [fedora.bundle]: root.pem,
      '/etc/pki/tls/certs/ca-bundle.crt': other.pem,
    };
    expect(await (await onlyStore(machine(files, [fedora.program]))).inspect(root)).toEqual({
      state: 'partial',
      reason:
        'missing from /etc/pki/tls/certs/ca-bundle.crt, which is not made by update-ca-trust here: "sudo update-ca-trust enable" makes it so',
    });
  });

  test('refuses to write an anchor that no program would spread, and removes one without it', async () => {
    const store = await onlyStore(machine({ ...debian.bare, [debian.anchor]: root.pem }, []));
    expect(store.lacks).toEqual({
      program: 'update-ca-certificates',
      hint: 'install the package ca-certificates',
    });
    await expect(store.planInstall(root)).rejects.toMatchObject({
      code: 'command',
      message: '"update-ca-certificates" is not installed',
      hint: 'install the package ca-certificates',
    });
    expect(await lines(store.planUninstall(root))).toEqual([`sudo rm -f -- ${debian.anchor}`]);
    const stuck = await onlyStore(machine({ ...debian.bare, [bundle]: root.pem }, []));
    await expect(stuck.planUninstall(root)).rejects.toMatchObject({ code: 'command' });
  });

  test('is not available where it cannot be read', async () => {
    const host = machine({ ...debian.bare, [`${bundle}/x`]: 'a folder in its place' }, []);
    const store = await onlyStore(host);
    const state = await store.inspect(root);
    expect(state).toMatchObject({ state: 'unavailable', needed: true });
    expect('reason' in state && state.reason).toContain('the store cannot be read: EISDIR');
    await expect(store.planUninstall(root)).rejects.toMatchObject({ code: 'store' });
  });

  test('passes over an anchor of others that it may not read or that is too large', async () => {
    const large = root.pem + '\n'.repeat(1_100_000);
    const host = machine(
      { ...debian.bare, [`${folder}/a.crt`]: root.pem, [`${folder}/b.crt`]: large },
      [],
    );
    chmodSync(join(host.sysroot, folder, 'a.crt'), 0);
    const state = await (await onlyStore(host)).inspect(root);
    // Root reads everything.
    expect(state.state).toBe(process.geteuid?.() === 0 ? 'partial' : 'absent');
  });

  test.each(['EACCES', 'EIO', 'ESTALE'])(
    'passes over a folder below that cannot be read (%s), and keeps the rest',
    async (code) => {
      const host = machine(
        {
          ...debian.bare,
          [`${folder}/closed/x.crt`]: '',
          [debian.anchor]: root.pem,
          [bundle]: root.pem,
        },
        [debian.program],
      );
      unreadable.set(join(host.sysroot, folder, 'closed'), code);
      const store = await onlyStore(host);
      expect(await store.inspect(root)).toEqual({ state: 'trusted' });
      expect((await lines(store.planUninstall(root)))[0]).toBe(`sudo rm -f -- ${debian.anchor}`);
      unreadable.set(join(host.sysroot, folder), code);
      expect(await store.inspect(root)).toMatchObject({ state: 'unavailable', needed: true });
    },
  );

  test('explains what its commands can fail with', async () => {
    const store = await onlyStore(machine(debian.bare, [debian.program]));
    const refresh = { file: '/usr/sbin/update-ca-certificates', args: [] };
    const result = { exitCode: 1, stdout: '', stderr: '' };
    expect(
      store.explain?.(refresh, { ...result, exitCode: undefined, failure: 'not-found' }),
    ).toEqual({
      reason: '"update-ca-certificates" is not installed',
      hint: 'install the package ca-certificates',
    });
    const readOnly = "install: cannot create regular file 'x': Read-only file system";
    expect(
      store.explain?.({ file: 'install', args: [] }, { ...result, stderr: readOnly })?.reason,
    ).toBe('the file system is read-only');
    const off =
      'update-ca-trust: Warning: The dynamic CA configuration feature is in the disabled state';
    expect(store.explain?.(refresh, { ...result, stdout: off })?.hint).toContain(
      'update-ca-trust enable',
    );
    expect(store.explain?.(refresh, result)).toBeUndefined();
  });
});
