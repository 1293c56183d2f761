/** The lists of a machine, and what icacls does to them. Paths are Windows'. */
export class Drive {
  add(path: string, sids?: readonly string[], kind?: { isFolder?: boolean }): void;
  sddl(path: string): string;
  icacls(args: readonly string[]): { exitCode: number; file?: string; text?: string };
}
