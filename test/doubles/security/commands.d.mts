import type { CommandResult } from '../../../platform/types.ts';

export interface Knobs {
  root: string;
  home: string;
  uid?: number;
  ui?: 'allow' | 'cancel' | 'none' | 'hang' | undefined;
  sip?: 'on' | 'off' | undefined;
  locked?: boolean | undefined;
}
export function security(argv: readonly string[], knobs: Knobs): CommandResult;
