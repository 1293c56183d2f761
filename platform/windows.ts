/**
 * The Root store of Windows, which Edge, Chrome, Firefox, curl.exe, PowerShell and .NET read, by Windows'
 * own certutil.exe. Its text is translated, so only exit codes count, and the store is asked after each act.
 */
import { DevcertError, say, type Text } from '../src/errors.ts';
import { partial } from './report-store.ts';
import { readRegistry, windowsProgram } from './windows-programs.ts';
import { listAuthorities } from './windows-roots.ts';
import type {
  Command,
  CommandResult,
  Explanation,
  FindOptions,
  Host,
  Root,
  Runner,
  StoreFinder,
  StoreKind,
  StoreState,
  TrustStore,
} from './types.ts';

/** Whose store it is. */
export type Scope = 'user' | 'machine';

/** Windows' programs as this process starts them, and how it sees them end. */
export interface WindowsTools {
  readonly kind: StoreKind;
  readonly run: Runner;
  /** Absolute path of Windows' certutil.exe. Never from PATH: NSS has a program of that name, too. */
  readonly certutil: string;
  readonly reg: string;
  /** What is left of a Windows exit code here: 32 bits on Windows, 8 in WSL. */
  readonly exitCode: (code: number) => number;
  /** Where Windows' programs can read the root. Changes nothing. */
  readonly hand: (root: Root) => Promise<Handed>;
  /** True for a failure of the way to Windows' programs, not of theirs. */
  readonly isCutOff?: (result: CommandResult) => boolean;
}

/** A root where Windows' programs can read it. */
export interface Handed {
  /** Its path as Windows knows it. */
  readonly file: string;
  /** What puts it there, and what takes it away again. */
  readonly before?: readonly Command[];
  readonly after?: readonly Command[];
}

/** Finds the store of the user, of the machine, or both, on Windows itself. */
export const windowsStores: StoreFinder = {
  kind: 'system',
  platforms: ['win32'],
  find: (host, options) => Promise.resolve(windowsStoresBy(nativeTools(host), options)),
};

function nativeTools({ env, run }: Host): WindowsTools {
  return {
    kind: 'system',
    run,
    certutil: windowsProgram(env, 'certutil.exe'),
    reg: windowsProgram(env, 'reg.exe'),
    exitCode: (code) => code >>> 0,
    hand: ({ file }) => Promise.resolve({ file }),
  };
}

/** The stores of one Windows user and machine, through whatever way its programs are started. */
export function windowsStoresBy(tools: WindowsTools, options: FindOptions): TrustStore[] {
  return scopesOf(options).map((it) => windowsStore(tools, it, options.everywhere === true));
}

/** Whose store is meant, the machine's or the user's: both, where it is to be found everywhere. */
export function scopesOf({ machine, everywhere }: FindOptions): readonly Scope[] {
  if (everywhere === true) return ['machine', 'user'];
  return [machine === true ? 'machine' : 'user'];
}

/** How a store is called. */
export function storeNames(scope: Scope): Pick<TrustStore, 'name' | 'location' | 'scope'> {
  return scope === 'machine'
    ? { name: 'Windows (whole machine)', location: 'LocalMachine\\Root', scope }
    : { name: 'Windows', location: 'CurrentUser\\Root', scope };
}

/** What somebody at that Windows types to remove the root. */
export function byHand({ sha1 }: Pick<Root, 'sha1'>, scope: Scope): string {
  return ['certutil.exe', ...scoped(scope), '-delstore', 'Root', sha1].join(' ');
}

/** What certutil.exe is told for the store of the user. */
function scoped(scope: Scope): string[] {
  return scope === 'user' ? ['-user'] : [];
}

/** @param alone it answers for itself: what the other store lends it does not count. */
function windowsStore(tools: WindowsTools, scope: Scope, alone: boolean): TrustStore {
  const { kind, run, reg, hand } = tools;
  const certutil = (where: Scope, ...args: readonly string[]): Command => ({
    file: tools.certutil,
    args: [...scoped(where), ...args],
  });
  // By its SHA-1. The user's store shows the machine's, too.
  const has = async (where: Scope, store: 'Root' | 'Disallowed', { sha1 }: Root) => {
    const result = await run(certutil(where, '-store', store, sha1));
    // Windows makes the Disallowed store with the first certificate in it.
    return !(store === 'Disallowed' && isOneOf(NO_STORE, result, tools)) && isFound(result, tools);
  };
  // In the user's own store, whether Windows uses that one or not.
  const isOwn = async ({ sha1 }: Root) =>
    (await readRegistry(run, reg, `${OWN_ROOTS}\\${sha1.toUpperCase()}`)) !== undefined;
  const forbids = async () =>
    forbidsUserRoots((await readRegistry(run, reg, PROTECTED_ROOTS, '/v', 'Flags')) ?? '');
  return {
    kind,
    ...storeNames(scope),
    inspect: async (root): Promise<StoreState> => {
      try {
        const isSeen = await has(scope, 'Root', root);
        if (isSeen && alone && scope === 'user' && !(await isOwn(root)))
          return (await has('machine', 'Root', root))
            ? { state: 'absent' }
            : partial('a policy of this machine has Windows trust it');
        if (isSeen)
          return (await has(scope, 'Disallowed', root))
            ? partial('it is among the untrusted certificates, too')
            : { state: 'trusted', note: SCHANNEL };
        if ((alone && scope === 'machine') || !(await isOwn(root))) return { state: 'absent' };
        if (scope === 'machine') return partial("it is in your own store, not in the machine's");
        const isForbidden = await forbids();
        return partial(
          isForbidden ? POLICY : 'it is in your store, and yet Windows does not use it',
        );
      } catch (error) {
        if (!(error instanceof DevcertError)) throw error;
        const hint = DevcertError.hintOf(error);
        const needed = error.code !== 'command'; // Windows is out of reach: see isFound()
        const { message: reason } = error;
        const left = needed ? {} : { byHand: byHand(root, scope) };
        return { state: 'unavailable', reason, hint, needed, ...left };
      }
    },
    planInstall: async (root) => {
      if (scope === 'user' && (await forbids()))
        throw new DevcertError('store', POLICY, { hint: elevated('install') });
      const { file, before = [], after = [] } = await hand(root);
      const add = certutil(scope, '-f', '-addstore', 'Root', file);
      const asked = asking(scope, 'trust the certificates of devcert');
      return [...before, { ...add, ...asked }, ...after];
    },
    planUninstall: async (root) => {
      const isThere = scope === 'user' ? await isOwn(root) : await has(scope, 'Root', root);
      // By its SHA-1: a name or serial number may match several.
      const remove = certutil(scope, '-delstore', 'Root', root.sha1);
      return isThere ? [{ ...remove, ...asking(scope, 'remove the root of devcert') }] : [];
    },
    // From WSL the roots of this very user and machine may be those of the devcert of Windows.
    ...(kind === 'windows'
      ? {}
      : { list: (organization) => listAuthorities(tools, HIVES[scope], organization) }),
    explain: (command, result) => explain(command, result, tools),
  };
}

/** True for the policy that has Windows ignore the roots in users' own stores: wincrypt.h, CERT_PROT_ROOT_DISABLE_CURRENT_USER_FLAG. */
export function forbidsUserRoots(output: string): boolean {
  const flags = /\bREG_DWORD\s+0x([0-9a-f]+)/i.exec(output)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 16) & 1) === 1;
}

/** Their Schannel takes a certificate without a source of revocations for revoked. */
export const SCHANNEL =
  'curl.exe needs --ssl-no-revoke, git with Schannel: git config --global http.schannelCheckRevoke false';

const HIVES: Readonly<Record<Scope, string>> = { user: 'HKCU', machine: 'HKLM' };
const OWN_ROOTS = 'HKCU\\Software\\Microsoft\\SystemCertificates\\Root\\Certificates';
const PROTECTED_ROOTS =
  'HKLM\\SOFTWARE\\Policies\\Microsoft\\SystemCertificates\\Root\\ProtectedRoots';

const POLICY = 'a policy of this machine has Windows ignore the roots of its users';

/** winerror.h: NTE_NOT_FOUND, CRYPT_E_NOT_FOUND. */
const NOT_FOUND = [0x80090011, 0x80092004];
/** ERROR_FILE_NOT_FOUND, plain and as an HRESULT: there is no store of this name. */
const NO_STORE = [0x80070002, 2];
/** ERROR_CANCELLED, plain and as an HRESULT. */
const CANCELLED = [0x800704c7, 1223];
/** E_ACCESSDENIED, ERROR_ACCESS_DENIED. */
const DENIED = [0x80070005, 5];

/** Windows asks in a dialog where it is the user's store. */
function asking(scope: Scope, purpose: string): Partial<Command> {
  if (scope === 'machine') return {};
  const prompt = `Windows asks in a dialog, perhaps behind other windows, whether to ${purpose}: choose Yes`;
  return { mayPrompt: true, needsPerson: true, prompt };
}

/** @throws DevcertError `store` if certutil said neither yes nor no, `command` if it cannot be reached. */
function isFound(result: CommandResult, tools: WindowsTools): boolean {
  if (result.exitCode === 0) return true;
  if (isOneOf(NOT_FOUND, result, tools)) return false;
  if (tools.isCutOff?.(result) === true)
    throw new DevcertError('command', 'the connection of this Linux to Windows is broken', {
      hint: 'in Windows: wsl.exe --shutdown, then open this Linux again',
    });
  if (result.failure === 'not-found')
    throw new DevcertError('store', `there is no program "${tools.certutil}"`, {
      hint: 'it is a part of Windows: repair it with sfc /scannow in an elevated terminal',
    });
  const end =
    result.failure === 'timeout'
      ? 'did not end in time and was stopped'
      : `failed with ${hex(result.exitCode)}`;
  throw new DevcertError('store', `"${tools.certutil}" ${end} when it was asked for the root`, {
    hint: `see what it says: certutil -user -store Root`,
  });
}

function isOneOf(codes: readonly number[], { exitCode }: CommandResult, tools: WindowsTools) {
  return (
    exitCode !== undefined &&
    codes.some((code) => tools.exitCode(code) === tools.exitCode(exitCode))
  );
}

function explain(
  command: Command,
  result: CommandResult,
  tools: WindowsTools,
): Explanation | undefined {
  const verb = command.args.includes('-addstore') ? 'install' : 'uninstall';
  if (result.failure === 'nobody')
    return {
      reason:
        'Windows would ask in a dialog, and in CI, over SSH or in a service nobody can answer it',
      hint: say`on the desktop of Windows: ${{ command: verb }}${verb === 'install' ? say`, or, ${elevated(verb)}` : ''}`,
    };
  if (result.failure === 'timeout')
    return {
      reason: `"${command.file}" did not end in time and was stopped`,
      hint: say`look for its dialog and answer it: ${{ command: verb }}`,
    };
  if (command.mayPrompt === true && isOneOf(CANCELLED, result, tools))
    return {
      reason: 'the dialog was answered with No, or there is no desktop to show it on',
      hint: say`${{ command: verb }}, and choose Yes`,
      cancelled: true,
    };
  if (isOneOf(DENIED, result, tools))
    return command.mayPrompt === true
      ? { reason: 'Windows denies access to your own store', hint: 'ask who manages this machine' }
      : {
          reason: 'the store of the whole machine needs an elevated terminal',
          hint: elevated(verb),
        };
  if (result.failure === undefined)
    return { reason: `"${command.file}" failed with ${hex(result.exitCode)}` };
  return undefined;
}

function elevated(command: 'install' | 'uninstall'): Text {
  const machine = command === 'install' || undefined;
  return say`in a terminal opened with "Run as administrator": ${{ command, machine }}`;
}

function hex(code: number | undefined): string {
  return `exit code 0x${((code ?? 0) >>> 0).toString(16)}`;
}
