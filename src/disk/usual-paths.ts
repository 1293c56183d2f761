/** This system's folders for devcert: the one home of env-paths. Loaded where no `DEVCERT_HOME` says where. */
import envPaths from 'env-paths';
import { chosenFolder, homeless, stateFolderIn } from './paths.ts';

export interface UsualPaths {
  readonly config: string;
  readonly data: string;
}

/** Only where there is a home folder. */
export function usualPaths(): UsualPaths {
  return envPaths('devcert');
}

/** The state folder at once, for functions that cannot wait. @throws DevcertError `usage`, `file`. */
export function stateFolderNow(env: Readonly<Record<string, string | undefined>>): string {
  return chosenFolder(env) ?? stateFolderIn(usualPaths()) ?? homeless();
}
