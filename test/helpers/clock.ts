/** The clock of a process that is started, moved. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A module for `node --import` that moves the clock by so many days; written into the folder. @returns its URL */
export function clock(folder: string, days: number): string {
  const file = join(folder, `clock${days}.mjs`);
  writeFileSync(
    file,
    `const real = Date; const ahead = ${days * 86_400_000};
    globalThis.Date = class extends real {
      constructor(...args) { args.length === 0 ? super(real.now() + ahead) : super(...args); }
      static now() { return real.now() + ahead; }
    };`,
  );
  return pathToFileURL(file).href;
}
