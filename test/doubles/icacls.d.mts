/** The lists of a machine, and what icacls does to them. Paths are Windows'. */
export class Drive {
  /** @param lists as toJSON() gives them */
  constructor(lists?: unknown[]);
  toJSON(): unknown[];
  has(path: string): boolean;
  add(path: string, sids?: readonly string[], kind?: { isFolder?: boolean }): void;
  sddl(path: string): string;
  icacls(args: readonly string[]): { exitCode: number; file?: string; text?: string };
}
