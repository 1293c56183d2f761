/** Where each family of Linux (and FreeBSD) keeps the authorities it trusts. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { textIn } from './look.ts';
import { entryName } from './report-store.ts';
import type { Host, Root } from './types.ts';

/** A program with its arguments. */
type Refresh = readonly [string, ...string[]];

/** The same, found on this machine. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

/** One way of keeping system-wide authorities. All paths are absolute, without `host.sysroot`. */
export interface Layout {
  readonly id: string;
  readonly platform: NodeJS.Platform;
  /** Any of these present: the machine is of this kind. */
  readonly marks: readonly string[];
  /** Folders that hold the administrator's own anchors; the root goes into the first. */
  readonly anchors: readonly [string, ...string[]];
  /** Ending of our file's name: Debian passes over anything but `.crt` without a word. */
  readonly ending: '.crt' | '.pem';
  /** Made from the anchors, read by programs. The root must be in all that exist. */
  readonly bundles: readonly string[];
  /** Folder of links (or copies) made from the anchors, looked up by hash. */
  readonly links?: string;
  /** True if the folder itself is what programs read: there need be no bundle. */
  readonly linksAreTrust?: boolean;
  /** Carries the anchors into bundles and links; the first program found is used. */
  readonly refresh: readonly [Refresh, ...Refresh[]];
  /** Rebuilds the links from nothing, where the refresh does not. */
  readonly fresh?: readonly string[];
  /** The system does not make the anchor folder itself: we do, and take it away again once it is empty. */
  readonly makesFolder?: boolean;
  /** Ends the sentence that the root is in one bundle and not in another. */
  readonly whyPartial?: string;
  /** Package that brings the refresh program. */
  readonly package?: string;
}

/** A layout on a machine. */
export interface Place {
  readonly layout: Layout;
  /** Prefix of every path read; the paths that are found are without it. */
  readonly sysroot: string;
}

const debian = {
  platform: 'linux',
  anchors: ['/usr/local/share/ca-certificates'],
  ending: '.crt',
  bundles: ['/etc/ssl/certs/ca-certificates.crt'],
  links: '/etc/ssl/certs',
  refresh: [['update-ca-certificates']],
  fresh: ['--fresh'],
  package: 'ca-certificates',
} as const;

/** In the order they are tried: the ones with a mark of their own before Debian, whose folder others share. */
export const layouts: readonly Layout[] = [
  {
    id: 'fedora',
    platform: 'linux',
    marks: ['/etc/pki/ca-trust/source/anchors'],
    anchors: ['/etc/pki/ca-trust/source/anchors'],
    ending: '.pem',
    // The second is a link to the first, except on a CentOS 6 whose dynamic configuration is off.
    bundles: [
      '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
      '/etc/pki/tls/certs/ca-bundle.crt',
    ],
    refresh: [['update-ca-trust', 'extract']],
    whyPartial:
      ', which is not made by update-ca-trust here: "sudo update-ca-trust enable" makes it so',
    package: 'ca-certificates',
  },
  {
    id: 'arch',
    platform: 'linux',
    marks: ['/etc/ca-certificates/trust-source/anchors'],
    anchors: ['/etc/ca-certificates/trust-source/anchors'],
    ending: '.crt',
    bundles: ['/etc/ca-certificates/extracted/tls-ca-bundle.pem'],
    refresh: [['update-ca-trust'], ['trust', 'extract-compat']],
    package: 'ca-certificates-utils',
  },
  {
    id: 'suse',
    platform: 'linux',
    marks: ['/etc/pki/trust/anchors', '/usr/share/pki/trust/anchors'],
    // The second belongs to packages, but people (and mkcert) put files there.
    anchors: ['/etc/pki/trust/anchors', '/usr/share/pki/trust/anchors'],
    ending: '.pem',
    bundles: ['/var/lib/ca-certificates/ca-bundle.pem'],
    refresh: [['update-ca-certificates']],
    package: 'ca-certificates',
  },
  // Alpine's own program has Debian's paths, rebuilds every link on each run and reads no arguments.
  { ...debian, id: 'alpine', marks: ['/etc/alpine-release'] },
  { ...debian, id: 'gentoo', marks: ['/etc/gentoo-release'], makesFolder: true },
  {
    ...debian,
    id: 'debian',
    marks: ['/usr/local/share/ca-certificates', '/etc/ca-certificates.conf'],
  },
  {
    id: 'freebsd',
    platform: 'freebsd',
    marks: ['/usr/share/certs/trusted', '/etc/ssl/certs'],
    anchors: ['/usr/local/etc/ssl/certs', '/usr/local/share/certs'],
    ending: '.pem',
    bundles: [],
    links: '/etc/ssl/certs',
    linksAreTrust: true,
    refresh: [['certctl', 'rehash']],
    makesFolder: true,
  },
];

/** A system whose store is not changed by commands, and what to do instead. `FILE` stands for the root. */
const NIXOS = {
  mark: '/etc/NIXOS',
  hint: 'add FILE to security.pki.certificateFiles in configuration.nix and run "sudo nixos-rebuild switch"',
};

/** A layout, or the hint for a machine that has none (`FILE` stands for the root's path). */
export type Found = { readonly layout: Layout } | { readonly hint: string };

/**
 * How this machine keeps its authorities; undefined if it is neither Linux nor FreeBSD. A layout
 * whose program is there beats one of which there is only the folder.
 */
export function findLayout(host: Host): Found | undefined {
  const own = layouts.filter(({ platform }) => platform === host.platform);
  if (own.length === 0) return undefined;
  const exists = (path: string) => existsSync(join(host.sysroot, path));
  if (exists(NIXOS.mark)) return { hint: NIXOS.hint };
  const marked = own.filter(({ marks }) => marks.some(exists));
  const layout = marked.find((it) => findRefresh(it, host) !== undefined) ?? marked[0];
  return layout === undefined
    ? { hint: "add FILE to this system's list of trusted CAs by hand" }
    : { layout };
}

/** The files in which this system has all roots that it trusts, absolute; none where devcert knows no layout. */
export function bundleFiles(host: Host): string[] {
  const found = findLayout(host);
  if (found === undefined || !('layout' in found)) return [];
  return found.layout.bundles.map((bundle) => join(host.sysroot, bundle));
}

/**
 * The refresh command of a layout with its program's path, one that may run as root where there is one;
 * undefined if the program is missing.
 */
export function findRefresh(layout: Layout, host: Host): Program | undefined {
  for (const [program, ...args] of layout.refresh) {
    const file = host.findForRoot(program) ?? host.find(program);
    if (file !== undefined) return { file, args };
  }
  return undefined;
}

/** Absolute path of the file that holds the root as an anchor, named after its fingerprint. */
export function anchorFile(layout: Layout, root: Pick<Root, 'sha256'>): string {
  return join(layout.anchors[0], `${entryName(root)}${layout.ending}`);
}

/** What the system calls itself (`NAME` of os-release, without `GNU/Linux`), or `Linux`. */
export function systemName(host: Pick<Host, 'platform' | 'sysroot'>): string {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    const name = /^NAME=(["']?)(.+)\1$/m.exec(textIn(join(host.sysroot, path)))?.[2];
    if (name !== undefined) return name.replace(/ GNU\/Linux$/, '');
  }
  return host.platform === 'freebsd' ? 'FreeBSD' : 'Linux';
}
