// Loaded with --require: kills the process right before the change to the disk that has the number
// DEVCERT_TEST_KILL_AT. Right after a change is right before the next one.
'use strict';
const { O_CREAT, O_RDWR, O_WRONLY } = require('node:fs').constants;
const { beforeChanges } = require('./disk-hook.cjs');

const at = Number(process.env.DEVCERT_TEST_KILL_AT);
const names = ['renameSync', 'linkSync', 'unlinkSync', 'rmSync', 'rmdirSync', 'mkdirSync'];
// Not cpSync(), which Node makes of copyFileSync() and mkdirSync(): so it is killed between two files.
names.push('writeFileSync', 'appendFileSync', 'truncateSync', 'copyFileSync', 'openSync');
let count = 0;
beforeChanges(names, O_WRONLY | O_RDWR | O_CREAT, () => {
  if (++count === at) process.kill(process.pid, 'SIGKILL');
});
