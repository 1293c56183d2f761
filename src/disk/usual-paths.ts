/** This system's folders for devcert: the one home of env-paths. Loaded where no `DEVCERT_HOME` says where. */
import envPaths from 'env-paths';

export interface UsualPaths {
  readonly config: string;
  readonly data: string;
}

/** Only where there is a home folder. */
export function usualPaths(): UsualPaths {
  return envPaths('devcert');
}
