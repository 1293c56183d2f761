/** Which names a certificate gets that nobody typed, or to which names are added: of the project file, else of the pair. */
import { readExisting, type CertificatePaths } from '../certificate/output.ts';
import { DevcertError, exclusive, say } from '../errors.ts';
import { commonNameOf } from '../names/common-name.ts';
import { clientName, type LeafOptions } from '../names/request.ts';
import { parseNames } from '../names/names.ts';
import { readCommonName, readNames, readUsages } from '../x509/read.ts';
import { type ProjectFile, readProjectFile } from './file.ts';

export interface NameOptions {
  /** Names to have besides those of the pair that is there. */
  readonly add?: string | readonly string[];
  /** Names of the pair that is there to leave out. */
  readonly remove?: string | readonly string[];
  /** Where no name is typed: those of the project file, else of the pair that is there, else `localhost`. */
  readonly again?: boolean;
}

/** Names and what else the project file, or the pair, says of the certificate. */
export interface ProjectRequest {
  readonly names: readonly string[];
  readonly options: LeafOptions;
}

/**
 * The request of a project: its file's; else that of the pair at the paths, with names added or left out; else
 * one for `localhost`.
 *
 * @param typed names; with `add` or `remove` there may be none.
 * @throws DevcertError `usage` for names that are typed twice or are not there, `invalid-input` for a bad project
 *   file, `invalid-name`, `file`.
 */
export function projectRequest(
  typed: readonly string[],
  options: NameOptions & LeafOptions,
  paths: CertificatePaths,
  cwd: string,
): ProjectRequest {
  const [add, remove] = [[options.add ?? []].flat(), [options.remove ?? []].flat()];
  const isChange = add.length + remove.length > 0;
  if (typed.length > 0)
    throw exclusive(
      { names: 'NAMES' },
      add.length > 0 ? { add: true } : { remove: true },
      say`all names, or what is to change: ${{ add: 'api.test' }}`,
    );
  const project = readProjectFile(cwd);
  if (project !== undefined) {
    if (isChange) throw inFile(project);
    const { names, key, days } = project;
    return { names, options: { ...options, key: options.key ?? key, days: options.days ?? days } };
  }
  const pair = pairRequest(paths);
  const there = pair?.names ?? ['localhost'];
  const named = (texts: readonly string[]) =>
    (pair?.options.client === true ? texts.map(clientName) : texts).map(
      (text) => parseNames([text], { client: isClient(pair) })[0]?.value ?? text,
    );
  const gone = named(remove);
  for (const name of gone)
    if (!there.includes(name))
      throw new DevcertError('usage', `"${name}" is not in the certificate`, {
        hint: `in it are ${there.join(', ')}`,
      });
  const names = [...new Set([...there, ...named(add)])].filter((name) => !gone.includes(name));
  if (names.length === 0)
    throw new DevcertError('usage', 'no name would be left', {
      hint: say`say which it is to have: ${{ command: 'issue', names: 'localhost' }}`,
    });
  const isSaid = options.client !== undefined || options.peer !== undefined;
  return { names, options: isSaid ? options : { ...pair?.options, ...options } };
}

function inFile({ file }: ProjectFile): DevcertError {
  return new DevcertError('usage', `the names of this project are in "${file}"`, {
    hint: say`change them there, then: ${{ command: 'issue', names: [] }}`,
  });
}

function isClient(pair: ProjectRequest | undefined): boolean {
  return pair?.options.client === true || pair?.options.peer === true;
}

/** What the pair that is there was issued for; whose it is is judged when it is replaced. */
function pairRequest(paths: CertificatePaths): ProjectRequest | undefined {
  const { certificate } = readExisting(paths);
  if (certificate === undefined) return undefined;
  const names = readNames(certificate.raw);
  const usages = readUsages(certificate.raw);
  if (names.length === 0 || !usages.includes('clientAuth'))
    return names.length === 0 ? undefined : { names, options: {} };
  const which = usages.includes('serverAuth') ? { peer: true } : { client: true };
  const cn = readCommonName(certificate.raw);
  // One that devcert makes of the names is made again.
  const made = commonNameOf({ names: parseNames(names, { client: true }), usages });
  return { names, options: { ...which, cn: cn === made ? undefined : cn } };
}
