/** What `security` means by its failures, in words. Its numbers do not change with the language. */
import { DevcertError, say } from '../src/errors.ts';
import { whyNoDialog } from './interactive.ts';
import { explainBy, type Meaning } from './report-store.ts';
import type { CommandResult, Explanation, Host } from './types.ts';

/** Whose trust settings: the user's, or the machine's. */
export type KeychainDomain = 'user' | 'admin';

/** A keychain, and whose trust settings go with it. */
export interface Place {
  readonly host: Host;
  readonly domain: KeychainDomain;
  /** Its path. */
  readonly keychain: string;
}

/** Why no dialog can be answered here, if so: macOS would hang, or refuse after a while. */
export function whyNobodyAnswers(env: Host['env']): string | undefined {
  const why = whyNoDialog(env);
  if (why === 'ci') return 'macOS asks for a password in a dialog, and nobody answers one in CI';
  if (why === undefined) return undefined;
  return 'macOS asks for a password in a dialog, which cannot open over SSH';
}

/** Why the user's keychain cannot be this process's: root's settings are not the user's, and sudo leaves HOME as it was. */
export function whyNotThisUser(host: Host): Explanation | undefined {
  if (host.isRoot)
    return {
      reason: 'root has no login keychain: as root, only the System keychain can be used',
      hint: say`run devcert as yourself, without sudo, or with ${{ machine: true }}`,
    };
  if (host.home === undefined)
    return {
      reason: 'there is no home folder, so there is no login keychain',
      hint: say`set HOME, or use ${{ machine: true }}`,
    };
  return undefined;
}

/** @param verb of the command to type where a dialog can be answered. */
export function noSession(why: string, verb: 'install' | 'uninstall'): DevcertError {
  const instead =
    verb === 'install'
      ? say`; or, with root's rights: ${{ command: 'install', machine: true }}`
      : '';
  return new DevcertError('store', why, { hint: [onScreen, { command: verb }, instead] });
}

/**
 * Words for a failure of `security`; undefined if its own are as good.
 *
 * @param installs false if it was to remove something.
 */
export function explainKeychain(
  result: CommandResult,
  domain: KeychainDomain,
  installs: boolean,
): Explanation | undefined {
  if (result.failure === 'timeout')
    return {
      reason: 'nobody answered the dialog of macOS in time',
      hint: 'run this again and look for the dialog, also behind other windows',
    };
  if (result.failure !== undefined) return undefined;
  const meanings: Meaning[] = [
    {
      // errAuthorizationCanceled, userCanceledErr
      said: /-60006\b|-128\b|cancell?ed by the user|user cancell?ed/i,
      reason: 'you cancelled the dialog of macOS; nothing was changed',
      hint: 'run this again and enter your password in the dialog',
      cancelled: true,
    },
    {
      // errAuthorizationInteractionNotAllowed, errSecInteractionNotAllowed, and what sudo makes of them
      said: /-60007\b|-25308\b|-2070\b|no user interaction was possible|user interaction is not allowed|errSecInternalComponent/i,
      reason: 'macOS has to ask for a password in a dialog, and no session can show one',
      hint: [
        onScreen,
        { command: installs ? 'install' : 'uninstall', machine: domain === 'admin' || undefined },
      ],
    },
    {
      // errAuthorizationDenied
      said: /-60005\b|authorization was denied/i,
      reason: 'macOS denied the change: a wrong password, or a rule of this Mac',
      hint:
        domain === 'admin'
          ? 'use the account of an administrator; a managed Mac may forbid it'
          : 'run this again; a managed Mac may forbid it',
    },
  ];
  return explainBy(meanings, result);
}

const onScreen = "in Terminal on the Mac's own screen: ";
