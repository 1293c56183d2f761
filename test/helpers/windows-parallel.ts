/** Runs on Windows: `node windows-parallel.cjs CLI COUNT` starts that many first runs of the command at once. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';

const [cli = '', count = '8'] = process.argv.slice(2);

async function first(index: number): Promise<{ status: number | null; stderr: string }> {
  const cwd = `C:\\parallel\\p${index}`;
  mkdirSync(cwd, { recursive: true });
  const child = spawn(process.execPath, [cli, `p${index}.test`], {
    cwd,
    // In the user's profile: elsewhere PowerShell is asked for the owner, and wine's answers nothing.
    env: { ...process.env, USERPROFILE: 'C:\\parallel', DEVCERT_HOME: 'C:\\parallel\\state' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  return new Promise((resolve) =>
    child.on('close', (status) => {
      resolve({ status, stderr });
    }),
  );
}

void Promise.all(Array.from({ length: Number(count) }, (_, index) => first(index))).then((all) => {
  console.log(JSON.stringify(all));
});
