// Loaded with --require: from the write on that has the number DEVCERT_TEST_FULL_AT the disk is full, for good.
// Deleting and renaming go on, as they do on a full disk.
'use strict';
const { O_CREAT } = require('node:fs').constants;
const { beforeChanges } = require('./disk-hook.cjs');

const at = Number(process.env.DEVCERT_TEST_FULL_AT);
const names = ['writeFileSync', 'appendFileSync', 'writeSync', 'openSync'];
names.push('mkdirSync', 'copyFileSync', 'linkSync', 'symlinkSync');
let count = 0;
beforeChanges(names, O_CREAT, (name, [target]) => {
  // What is said on the terminal, and the stores of the test, are on no disk.
  if ((typeof target === 'number' && target <= 2) || String(target).endsWith('stores.json')) return;
  if (++count < at) return;
  throw Object.assign(new Error(`ENOSPC: no space left on device, ${name}`), {
    ...{ code: 'ENOSPC', errno: -28, syscall: 'write' },
  });
});
