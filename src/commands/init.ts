/** `devcert init`: the project file, written from what is there. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { outputPaths, readExisting } from '../certificate/output.ts';
import { lifetimeDays } from '../certificate/reusable.ts';
import { DevcertError, isObject, say, worded } from '../errors.ts';
import { keyTypeOf, keyTypes } from '../keys.ts';
import { contentOf, place } from '../ledger/place.ts';
import { parseNames } from '../names/names.ts';
import { LEAF_DAYS } from '../policy.ts';
import { asLabel } from '../project/checkout.ts';
import { withMember } from '../project/edit.ts';
import { checked, readProjectFile, readJson } from '../project/file.ts';
import { readNames, readUsages } from '../x509/read.ts';
import { type Context, type DryRunOption, refuseSudo } from './context.ts';

export interface InitOptions extends DryRunOption {
  /** Write anew what the project file says already. */
  readonly force?: boolean;
  /** Have package.json check the certificate before each start: a script `predev`. */
  readonly script?: boolean;
}

export interface InitResult {
  /** Absolute path of devcert.json or package.json. */
  readonly file: string;
  /** As the file says them, placeholders and all. */
  readonly names: readonly string[];
  /** What was written, or in a dry run would be, as JSON; undefined: the file says it already. */
  readonly text: string | undefined;
  /** False if there was nothing to write, and for a dry run. */
  readonly written: boolean;
  /** The line for the `scripts` of package.json; undefined without one. */
  readonly script: InitScript | undefined;
  readonly notes: readonly string[];
}

export interface InitScript {
  /** `predev`, or `prestart` where there is a `start` and no `dev`. */
  readonly name: string;
  readonly command: string;
  /** `there`: it was before; `other`: something else has the name; `written`: also of a dry run; `offered`: not asked for. */
  readonly state: 'there' | 'other' | 'written' | 'offered';
}

/**
 * Writes the project file: `"devcert"` in package.json where there is one, else devcert.json. What stands
 * beside it stays byte for byte.
 *
 * @param typed names, with `{branch}` and `{worktree}`; none: those of the pair that is there, else `localhost`
 *   and the folder's name below `test`.
 * @throws DevcertError `usage`, `invalid-name`, `invalid-input` for a package.json that is no JSON or a project file
 *   that cannot be used, `file` for one that says something else, `refused`.
 */
export async function init(
  context: Context,
  typed: readonly string[],
  { dryRun = false, force = false, script: wantsScript = false }: InitOptions = {},
): Promise<InitResult> {
  const { cwd } = context;
  refuseSudo(context);
  const target = targetIn(cwd);
  const { file, manifest } = target;
  const said = force ? undefined : readProjectFile(cwd);
  const wanted = said === undefined || typed.length > 0 ? projectOf(context, typed) : undefined;
  if (wanted !== undefined) assertUsable(file, wanted, cwd);
  const names = wanted?.names ?? target.names;
  if (said !== undefined && names.join() !== target.names.join()) throw saysOther(file);
  const isNew = said === undefined;
  const script = manifest === undefined ? undefined : scriptOf(manifest.value, wantsScript);
  const addsScript = script?.state === 'written';
  const text = isNew ? ownText(wanted, manifest === undefined ? cwd : undefined) : undefined;
  if (!dryRun && (isNew || addsScript)) {
    let whole = manifest?.text ?? text ?? '';
    if (manifest !== undefined && isNew) whole = withMember(whole, ['devcert'], wanted);
    if (addsScript) whole = withMember(whole, ['scripts', script.name], script.command);
    await write(context, file, whole, manifest?.text ?? (force ? 'any' : undefined));
  }
  return {
    ...{ file, names, text, script },
    written: !dryRun && (isNew || addsScript),
    notes: [...notesOn(context, names), ...scriptNotes(script, manifest?.value)],
  };
}

interface Project {
  readonly names: readonly string[];
  readonly key?: string;
  readonly days?: number;
}

interface Target {
  readonly file: string;
  /** Of package.json: its text, and what it says. */
  readonly manifest: { readonly text: string; readonly value: Json } | undefined;
  /** What it says already. */
  readonly names: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

/** devcert.json if there is one: two files that both say something are refused. */
function targetIn(cwd: string): Target {
  const own = join(cwd, 'devcert.json');
  const said = readJson(own);
  const file = join(cwd, 'package.json');
  const { text, value } = readJson(file) ?? {};
  if (said !== undefined || text === undefined) {
    if (said !== undefined && isObject(value) && value.devcert !== undefined) readProjectFile(cwd);
    return { file: own, manifest: undefined, names: namesIn(said?.value) };
  }
  if (!isObject(value))
    throw new DevcertError('invalid-input', `"${file}" is not JSON with an object`, {
      hint: 'mend it first: npm cannot read it either',
    });
  return { file, manifest: { text, value }, names: namesIn(value.devcert) };
}

function namesIn(said: unknown): readonly string[] {
  const names = isObject(said) ? said.names : undefined;
  return Array.isArray(names) ? names.filter((it) => typeof it === 'string') : [];
}

/** What the file is to say. */
function projectOf(context: Context, typed: readonly string[]): Project {
  if (typed.length > 0) return { names: [...new Set(typed.map(canonical))] };
  const { certificate } = readExisting(outputPaths({}, context.cwd));
  const names = certificate === undefined ? [] : readNames(certificate.raw);
  if (certificate === undefined || names.length === 0) {
    const label = asLabel(basename(context.cwd));
    return { names: ['localhost', ...(label === '' ? [] : [`${label}.test`])] };
  }
  if (readUsages(certificate.raw).includes('clientAuth'))
    throw new DevcertError(
      'usage',
      'the certificate that is there is for a client, which a project file cannot ask for',
      {
        hint: say`say which names a server is to have: ${{ command: 'init', names: 'localhost' }}`,
      },
    );
  const type = keyTypeOf(certificate.publicKey);
  const days = lifetimeDays(certificate);
  return {
    names,
    ...(type !== keyTypes[0] && keyTypes.some((it) => it === type) ? { key: type } : {}),
    // An authority that ends first has cut it, so that nobody asked for so many.
    ...(days > 0 && days < LEAF_DAYS ? { days } : {}),
  };
}

/** Placeholders are filled in by each checkout, so names with them stay as they were typed. */
function canonical(name: string): string {
  return name.includes('{') ? name : (parseNames([name])[0]?.value ?? name);
}

/** Whether a bare `devcert` can work with it here. */
function assertUsable(file: string, project: Project, cwd: string): void {
  parseNames(checked(file, project, cwd).names);
}

function scriptOf({ scripts }: Json, isWanted: boolean): InitScript {
  const all = isObject(scripts) ? scripts : {};
  const name = all.dev === undefined && all.start !== undefined ? 'prestart' : 'predev';
  const there = all[name];
  const command = worded`${{ command: 'check' }}`;
  const isThere = typeof there === 'string' && there.includes(command);
  if (isThere) return { name, command, state: 'there' };
  if (!isWanted) return { name, command, state: 'offered' };
  const isTaken = there !== undefined || (scripts !== undefined && !isObject(scripts));
  return { name, command, state: isTaken ? 'other' : 'written' };
}

function scriptNotes(script: InitScript | undefined, manifest: Json | undefined): string[] {
  if (script === undefined || script.state === 'there') return [];
  const { name, command, state } = script;
  if (state === 'other')
    return [`"${name}" is something else already: put "${command}" in front of it yourself`];
  if (state === 'offered')
    return [
      worded`to check the certificate before each start, in "scripts": "${name}": "${command}", or ${{ command: 'init', script: true }}`,
    ];
  const depends = ['dependencies', 'devDependencies'].some((kind) => {
    const all = manifest?.[kind];
    return isObject(all) && all['devcert-local'] !== undefined;
  });
  return depends
    ? []
    : ['the script needs devcert in the project: npm install --save-dev devcert-local'];
}

/** The certificate that is there may have other names. */
function notesOn({ cwd }: Context, names: readonly string[]): string[] {
  const { certificate } = readExisting(outputPaths({}, cwd));
  const has = certificate === undefined ? [] : readNames(certificate.raw);
  return names.every((name) => has.includes(name))
    ? []
    : [worded`for the certificate: ${{ command: 'issue' }}`];
}

/** The text of a new devcert.json, or of the member of package.json. @param folder of devcert.json */
function ownText(project: Project | undefined, folder: string | undefined): string {
  const schema = folder === undefined ? undefined : schemaFor(folder);
  const said = schema === undefined ? project : { $schema: schema, ...project };
  // Names in one line where they fit, as formatters have it.
  const text = JSON.stringify(said, null, 2).replace(
    /\[\s+([^\]]{1,60})\s+\]/,
    (_, names: string) => `[${names.trim().replace(/\s+/g, ' ')}]`,
  );
  return folder === undefined ? text : `${text}\n`;
}

/** Where the package's schema is seen from the folder: an editor that does not find it complains. */
function schemaFor(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, 'node_modules/devcert-local/dist/schema.json');
    if (existsSync(file)) {
      const path = relative(folder, file).replaceAll('\\', '/');
      return path.startsWith('.') ? path : `./${path}`;
    }
    if (at === dirname(at)) return undefined;
  }
}

/** @param before what the file held when it was looked at; `any`: whatever it holds. */
async function write(
  { host }: Context,
  path: string,
  data: string,
  before: string | undefined,
): Promise<void> {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  const target = { path, secret: false };
  await place([target], { stateFolder: undefined, now: host.now(), followFolder: true }, () => {
    if (before !== 'any' && contentOf(path)?.toString() !== before)
      throw new DevcertError('file', `"${path}" was changed just now by something else`, {
        hint: 'run the same again',
      });
    const own = mode === undefined ? undefined : mode & 0o777;
    return [
      { outputs: [{ ...target, data, isNew: own === undefined, mode: own }], entry: undefined },
    ];
  });
}

function saysOther(file: string): DevcertError {
  return new DevcertError('file', `"${file}" has other names already`, {
    hint: say`change them there, or write it anew: ${{ force: true }}`,
  });
}
