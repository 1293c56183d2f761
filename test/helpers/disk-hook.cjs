// Of hooks that are loaded with --require: calls `before` with a name and arguments right before each change to
// the disk by one of these functions of node:fs.
'use strict';
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');

/** @param flags of openSync(), any of which makes it a change. */
exports.beforeChanges = (names, flags, before) => {
  // One change may be made of others inside of Node: writeFileSync() opens.
  let depth = 0;
  for (const name of names) {
    const real = fs[name];
    fs[name] = (...args) => {
      const isRead = name === 'openSync' && (Number(args[1]) & flags) === 0;
      if (!isRead && depth === 0) before(name, args);
      depth++;
      try {
        return real(...args);
      } finally {
        depth--;
      }
    };
  }
  syncBuiltinESMExports();
};
