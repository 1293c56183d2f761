/**
 * `devcert-local/compat`: the functions of the `devcert` package and of its fork `@expo/devcert`, for programs
 * that change the import and nothing else.
 *
 * A domain that is not a local one (`localhost`, `*.test`, `*.local`, …) is certified only after the user agreed,
 * at the terminal or by `ui.confirmDomains`: whoever copies the CA's key could forge it. Public suffixes are refused.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checked, hooksOf, type Spec, textOf, textsOf, wrongType } from '../api/arguments.ts';
import { contextWithStores, type Listener, processEnvironment } from '../api/composition.ts';
import { uninstall as uninstallEverywhere } from '../api/stores.ts';
import { domainFolder, listDomains } from '../authority/domains.ts';
import { removeFolder } from '../disk/files.ts';
import { chosenFolder, hasHome, homeless, stateFolderIn } from '../disk/paths.ts';
import { usualPaths } from '../disk/usual-paths.ts';
import { DevcertError } from '../errors.ts';
import { parseNames } from '../names/names.ts';

/** What the program asks or tells its user instead of devcert. */
export interface UserInterface {
  /** The passphrase of the CA's key, if it has one: on every system. Asked again for a wrong one. */
  getWindowsEncryptionPassword(): Promise<string>;
  /** Chromium is here and cannot be made to trust the root, because NSS' certutil is not installed. */
  warnChromeOnLinuxWithoutCertutil(): Promise<void>;
  /** Never called: Firefox may stay open. */
  closeFirefoxBeforeContinuing(): Promise<void>;
  /** Never called, nor are the next two: there is no wizard. */
  startFirefoxWizard(certificateHost: string): Promise<void>;
  firefoxWizardPromptPage(certificateURL: string): Promise<string>;
  waitForFirefoxWizard(): Promise<void>;
}

/** More that it may ask; the `devcert` package had no such questions. */
export interface MoreQuestions {
  /** May the CA issue for these domains, which are no local ones, and for all names below them? */
  confirmDomains(domains: readonly string[]): Promise<boolean>;
}

export interface Options {
  /** Return the root, too: as `ca`. */
  getCaBuffer?: boolean;
  /** Return the path of the root: as `caPath`. It stays the same. */
  getCaPath?: boolean;
  /** Nothing is ever installed besides the root: taken, and of no effect. */
  skipCertutilInstall?: boolean;
  /** Leave the hosts file alone. Else domains that are not in it are added, with the right of root. */
  skipHostsFile?: boolean;
  ui?: Partial<UserInterface & MoreQuestions>;
}

interface DomainData {
  /** PKCS#8 PEM, not encrypted. Secret. */
  key: Buffer;
  /** The certificate, then the issuer: PEM. */
  cert: Buffer;
}
type ReturnCa<O extends Options> = O['getCaBuffer'] extends true ? { ca: Buffer } : false;
type ReturnCaPath<O extends Options> = O['getCaPath'] extends true ? { caPath: string } : false;
export type ReturnData<O extends Options = object> = DomainData & ReturnCa<O> & ReturnCaPath<O>;

/** Those that are called. */
const hooks: readonly (keyof UserInterface | keyof MoreQuestions)[] = [
  'getWindowsEncryptionPassword',
  'warnChromeOnLinuxWithoutCertutil',
  'confirmDomains',
];
type Plain = Omit<Options, 'ui'>;
const optionsSpec: Spec<Plain> = {
  ...{ getCaBuffer: 'boolean', getCaPath: 'boolean' },
  ...{ skipCertutilInstall: 'boolean', skipHostsFile: 'boolean' },
};

/**
 * Certificate and key for a domain and all names right below it: the same at every call, until they are about to
 * expire. The first call makes a CA, unless there is one, and has the browsers and the system here trust it.
 *
 * @throws DevcertError `usage`, `invalid-name`, `outside-constraints` for a domain that the user did not agree to,
 *   `refused` for a public suffix, where `NODE_ENV` is `production` and there is no CA, and under sudo; `file`,
 *   `invalid-authority`, `expired`, `busy`, `password`, `agent`.
 */
export async function certificateFor<O extends Options>(
  requestedDomains: string | string[],
  options: O = {} as O,
): Promise<ReturnData<O>> {
  const domains = domainsOf(requestedDomains);
  const { getCaBuffer, getCaPath, skipHostsFile } = checked<Plain>(options, optionsSpec);
  const ui = hooksOf(options.ui ?? {}, hooks, 'the ui');
  const { certificateForDomains } = await import('../commands/domains.ts');
  const terminal = await terminalHere();
  const password = ui.getWindowsEncryptionPassword === undefined ? terminal.password : asked(ui);
  const here = await contextWithStores({ ...terminal, password });
  const confirmDomains = ui.confirmDomains?.bind(ui) ?? terminal.confirmDomains;
  const result = await certificateForDomains(here, domains, { skipHostsFile, confirmDomains });
  for (const it of result.notes) terminal.note(it);
  const lacking = result.outcomes.find(({ kind, lacks }) => kind === 'nss' && lacks !== undefined);
  if (lacking !== undefined) {
    if (ui.warnChromeOnLinuxWithoutCertutil !== undefined)
      await ui.warnChromeOnLinuxWithoutCertutil();
    else
      terminal.note(
        `${lacking.store} does not trust the certificate: ${lacking.hint ?? lacking.reason ?? ''}`,
      );
  }
  return {
    key: Buffer.from(result.key),
    cert: Buffer.from(result.cert),
    ...(getCaBuffer === true ? { ca: Buffer.from(result.ca) } : {}),
    ...(getCaPath === true ? { caPath: result.caPath } : {}),
  } as ReturnData<O>;
}

/** True if {@link certificateFor} made a pair for these domains that is still there. */
export function hasCertificateFor(requestedDomains: string | string[]): boolean {
  const folder = folderOf(requestedDomains);
  return folder !== undefined && existsSync(join(folder, 'cert.pem'));
}

/** What {@link certificateFor} made pairs for: domains, and `san-…` for several in one. */
export function configuredDomains(): string[] {
  return listDomains(stateFolderNow());
}

/** Deletes the pair for these domains, if there is one. @throws DevcertError `usage`, `file`. */
export function removeDomain(requestedDomains: string | string[]): void {
  const folder = folderOf(requestedDomains);
  if (folder !== undefined) removeFolder(folder);
}

/**
 * Takes the root out of every store and deletes all pairs of {@link certificateFor}. The CA stays, trusted by
 * nothing: the next call of it has it trusted again.
 *
 * @throws DevcertError `refused`, `invalid-authority`, `file`, `busy`; `store` if a store kept it.
 */
export async function uninstall(): Promise<void> {
  const terminal = await terminalHere();
  const { outcomes } = await uninstallEverywhere({}, terminal);
  const kept = outcomes.find(({ status }) => status === 'failed' || status === 'cancelled');
  if (kept === undefined) return;
  const { store, reason = '', hint } = kept;
  throw new DevcertError('store', `${store} still trusts the root: ${reason}`, { hint });
}

async function terminalHere() {
  const { programTerminal } = await import('../cli/program-terminal.ts');
  return programTerminal(processEnvironment());
}

/** Asks the program for the passphrase until it is right. */
function asked(ui: Partial<UserInterface>): Listener['password'] {
  return async (_what, _kind, check) => {
    for (let left = MAX_PASSWORDS; ; left--) {
      const password = textOf(await ui.getWindowsEncryptionPassword?.(), 'the password');
      try {
        check?.(password);
        return password;
      } catch (error) {
        // A program that gives the same one for ever would never end.
        if (!(error instanceof DevcertError) || left <= 1) throw error;
      }
    }
  };
}

const MAX_PASSWORDS = 3;

/** @throws DevcertError `usage`, for none, too. */
function domainsOf(requestedDomains: unknown): readonly string[] {
  const domains = textsOf(requestedDomains, 'the domains');
  if (domains.length > 0) return domains;
  throw wrongType('the domains', 'a string or an array with one at least');
}

/** The state folder at once: functions that cannot wait ask for it. @throws DevcertError `usage`, `file`. */
function stateFolderNow(): string {
  const paths = hasHome() ? usualPaths() : undefined;
  return chosenFolder(processEnvironment()) ?? stateFolderIn(paths) ?? homeless();
}

/** Undefined for what cannot be the name of a domain. */
function folderOf(requestedDomains: string | string[]): string | undefined {
  const domains = domainsOf(requestedDomains);
  try {
    return domainFolder(stateFolderNow(), parseNames(domains));
  } catch (error) {
    if (error instanceof DevcertError && error.code === 'invalid-name') return undefined;
    throw error;
  }
}

/** As `import devcert from 'devcert'` had it. */
export default { certificateFor, hasCertificateFor, configuredDomains, removeDomain, uninstall };
