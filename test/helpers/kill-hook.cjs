// Loaded with --require: kills the process right before the change to the disk that has the number
// DEVCERT_TEST_KILL_AT. Right after a change is right before the next one.
'use strict';
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');

const at = Number(process.env.DEVCERT_TEST_KILL_AT);
const names = ['renameSync', 'linkSync', 'unlinkSync', 'rmSync', 'rmdirSync', 'mkdirSync'];
// Not cpSync(), which Node makes of copyFileSync() and mkdirSync(): so it is killed between two files.
names.push('writeFileSync', 'appendFileSync', 'truncateSync', 'copyFileSync', 'openSync');
const writing = fs.constants.O_WRONLY | fs.constants.O_RDWR | fs.constants.O_CREAT;
let count = 0;
// One change may be made of others inside of Node: writeFileSync() opens.
let depth = 0;
for (const name of names) {
  const real = fs[name];
  fs[name] = (...args) => {
    const isRead = name === 'openSync' && (Number(args[1]) & writing) === 0;
    if (!isRead && depth === 0 && ++count === at) process.kill(process.pid, 'SIGKILL');
    depth++;
    try {
      return real(...args);
    } finally {
      depth--;
    }
  };
}
syncBuiltinESMExports();
