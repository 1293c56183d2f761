// Loaded with --require: from the write on that has the number DEVCERT_TEST_FULL_AT the disk is full, for good.
// Deleting and renaming go on, as they do on a full disk.
'use strict';
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');

const at = Number(process.env.DEVCERT_TEST_FULL_AT);
const writing = fs.constants.O_CREAT;
let count = 0;
// One write may be made of others inside of Node: writeFileSync() opens.
let depth = 0;
for (const name of [
  ...['writeFileSync', 'appendFileSync', 'writeSync', 'openSync'],
  ...['mkdirSync', 'copyFileSync', 'linkSync', 'symlinkSync'],
]) {
  const real = fs[name];
  fs[name] = (...args) => {
    // What is said on the terminal, and the stores of the test, are on no disk.
    const isElsewhere =
      (typeof args[0] === 'number' && args[0] <= 2) || String(args[0]).endsWith('stores.json');
    const isRead = name === 'openSync' && (Number(args[1]) & writing) === 0;
    if (!isElsewhere && !isRead && depth === 0 && ++count >= at)
      throw Object.assign(new Error(`ENOSPC: no space left on device, ${name}`), {
        ...{ code: 'ENOSPC', errno: -28, syscall: 'write' },
      });
    depth++;
    try {
      return real(...args);
    } finally {
      depth--;
    }
  };
}
syncBuiltinESMExports();
