/** What there is of a root in a system store: read from the files themselves, nothing remembered. */
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DevcertError, isError, printable, systemCode } from '../src/errors.ts';
import { anchorFile, type Place } from './linux-layouts.ts';
import { textIn } from './look.ts';
import { authoritiesIn, certificateBodies } from './pem.ts';
import type { Root } from './types.ts';

/** A file with a few hundred certificates is smaller. */
const MAX_ANCHOR_BYTES = 1_048_576;

/** Everything of one root in one store, as system paths. */
export interface Traces {
  /** Files that programs read which hold the root. */
  readonly holding: readonly string[];
  /** Those that do not. */
  readonly lacking: readonly string[];
  /** Files to remove from the anchor folders: exactly the root, or under its name. */
  readonly anchors: readonly string[];
  /** Files in the anchor folders that hold the root among other certificates. */
  readonly mixed: readonly string[];
  /** Links to (or copies of) those files, dangling ones too. */
  readonly links: readonly string[];
}

/** Every trace of a root. Throws `store` for what is there and cannot be read. */
export function findTraces(place: Place, root: Root): Traces {
  try {
    return collect(place, root);
  } catch (error) {
    if (!isError(error) || systemCode(error) === undefined) throw error;
    throw new DevcertError('store', `the store cannot be read: ${printable(error.message)}`, {
      cause: error,
    });
  }
}

/**
 * DER of the authorities of an organization in the anchors and in what programs read, trusted or not. What
 * cannot be read is passed over: findTraces() is what says so.
 */
export function listAuthorities({ layout, sysroot }: Place, organization: string): Buffer[] {
  const { anchors, links, bundles } = layout;
  const files = [
    ...anchors.flatMap((folder) => unless(() => listFiles(folder, sysroot), [])),
    ...(links === undefined ? [] : unless(() => listFiles(links, sysroot, false), [])),
  ];
  const bodies = [
    ...bundles.flatMap((file) => certificateBodies(textIn(join(sysroot, file)))),
    ...files.flatMap((file) => bodiesIn(join(sysroot, file))),
  ];
  return authoritiesIn(bodies, organization);
}

function collect(place: Place, root: Root): Traces {
  const { layout, sysroot } = place;
  const body = root.der.toString('base64');
  const ownFile = anchorFile(layout, root);
  const anchors: string[] = [];
  const mixed: string[] = [];
  for (const file of layout.anchors.flatMap((folder) => listFiles(folder, sysroot))) {
    const bodies = bodiesIn(join(sysroot, file));
    if (file === ownFile || (bodies.length > 0 && bodies.every((it) => it === body)))
      anchors.push(file);
    else if (bodies.includes(body)) mixed.push(file);
  }
  const links = findLinks(place, body, [ownFile, ...anchors]);
  const holding: string[] = [];
  const lacking: string[] = [];
  for (const bundle of layout.bundles) {
    const text = unless(() => readFileSync(join(sysroot, bundle), 'utf8'), undefined, MISSING);
    if (text !== undefined)
      (certificateBodies(text).includes(body) ? holding : lacking).push(bundle);
  }
  if (layout.linksAreTrust === true && layout.links !== undefined)
    (links.some((link) => holdsOnly(join(sysroot, link), body)) ? holding : lacking).push(
      layout.links,
    );
  return { holding, lacking, anchors, mixed, links };
}

/**
 * A file of several certificates without the root, and all else in it unchanged.
 *
 * @throws DevcertError `store` where writing it as root could reach another place than this: below other folders
 *   than the system's own, and through a link.
 */
export function withoutRoot({ layout, sysroot }: Place, file: string, root: Root): Buffer {
  const path = join(sysroot, file);
  if (!layout.anchors.includes(dirname(file)) || lstatSync(path).isSymbolicLink())
    throw new DevcertError(
      'store',
      `the root is one of several certificates in "${printable(file)}"`,
      { hint: 'take it out of that file by hand, then run this again' },
    );
  const body = root.der.toString('base64');
  // Latin-1 gives every byte back.
  const text = readFileSync(path, 'latin1').replace(
    /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\r?\n?/g,
    (block) => (certificateBodies(block)[0] === body ? '' : block),
  );
  return Buffer.from(text, 'latin1');
}

/**
 * What stands in the folder of links for the root: links to its anchors, links to those links (by
 * hash), and, where the folder itself is trusted, copies (FreeBSD 15 copies, and keeps its copies).
 */
function findLinks({ layout, sysroot }: Place, body: string, anchors: readonly string[]): string[] {
  const { links: folder, linksAreTrust } = layout;
  if (folder === undefined) return [];
  const entries = listFiles(folder, sysroot, false).map((path) => ({
    path,
    target: linkTarget(path, sysroot),
  }));
  const direct = entries.filter(({ path, target }) =>
    target === undefined
      ? linksAreTrust === true && holdsOnly(join(sysroot, path), body)
      : anchors.includes(target),
  );
  const names = new Set(direct.map(({ path }) => path));
  const byHash = entries.filter(({ target }) => target !== undefined && names.has(target));
  return [...direct, ...byHash].map(({ path }) => path);
}

/**
 * True if removing these links would hide another root: OpenSSL looks for `<hash>.0`, then `.1`, and
 * stops at the first that is missing, and roots with one subject share a hash.
 */
export function leavesGap({ layout, sysroot }: Place, links: readonly string[]): boolean {
  const { links: folder } = layout;
  if (folder === undefined) return false;
  const hashes = new Set(links.flatMap((link) => hashOf(link) ?? []));
  return listFiles(folder, sysroot, false).some(
    (file) => hashes.has(hashOf(file) ?? '') && !links.includes(file),
  );
}

/**
 * Everything in a folder that is not a folder, as system paths; nothing if there is no such folder. What
 * cannot be read below it is passed over: programs cannot read it either.
 */
export function listFiles(folder: string, sysroot: string, recursive = true): string[] {
  const read = () => readdirSync(join(sysroot, folder), { withFileTypes: true });
  return unless(read, [], MISSING).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return [path];
    return recursive ? unless(() => listFiles(path, sysroot), []) : [];
  });
}

const MISSING = ['ENOENT', 'ENOTDIR', 'ELOOP'];

/** What looking gives; `otherwise` where the system says one of these codes, or any at all. */
function unless<T>(look: () => T, otherwise: T, codes?: readonly string[]): T {
  try {
    return look();
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined || codes?.includes(code) === false) throw error;
    return otherwise;
  }
}

function hashOf(path: string): string | undefined {
  return /^([0-9a-f]{8})\.\d+$/.exec(basename(path))?.[1];
}

/** Undefined for what is no link. */
function linkTarget(path: string, sysroot: string): string | undefined {
  const read = () => resolve(path, '..', readlinkSync(join(sysroot, path)));
  return unless(read, undefined, [...MISSING, 'EINVAL']);
}

function holdsOnly(path: string, body: string): boolean {
  const bodies = bodiesIn(path);
  return bodies.length === 1 && bodies[0] === body;
}

// A file that we may not read is not one that programs of this user trust.
function bodiesIn(path: string): string[] {
  return unless(() => {
    const status = statSync(path);
    if (!status.isFile() || status.size > MAX_ANCHOR_BYTES) return [];
    return certificateBodies(readFileSync(path, 'utf8'));
  }, []);
}
