/** Runs on Windows: `node windows-hanging.cjs` installs over the real runner, which waits 5 s for a dialog. */
import { createHost } from '../../platform/host.ts';
import { createRunner } from '../../platform/run.ts';
import type { Host } from '../../platform/types.ts';
import { windowsStores } from '../../platform/windows.ts';
import { install } from '../../src/commands/install.ts';
import { stateAt } from './host.ts';

const basis = createHost();
const run = createRunner(basis);
const host: Host = {
  ...basis,
  run: (command) => run(command.mayPrompt === true ? { ...command, timeoutMs: 5_000 } : command),
};
const context = { host, ...stateAt('C:\\hanging'), cwd: 'C:\\', finders: [windowsStores] };
void install(context, { stores: 'system' }).then(({ outcomes }) => {
  console.log(JSON.stringify(outcomes));
});
