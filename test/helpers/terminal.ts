/** A terminal that keeps what is printed. */
import type { Terminal } from '../../src/cli/terminal.ts';

export function terminalOf(): { terminal: Terminal; printed: () => string[] } {
  const lines: string[] = [];
  const same = (text: string) => text;
  return {
    printed: () => lines,
    terminal: {
      print: (more) => void lines.push(...more),
      show: (more, _, exitCode = 0) => {
        lines.push(...more);
        return exitCode;
      },
      json: () => undefined,
      note: () => undefined,
      announce: () => undefined,
      ask: () => undefined,
      progress: () => undefined,
      error: () => undefined,
      style: { good: same, bad: same, dim: same },
    },
  };
}
