#!/usr/bin/env node
import { main } from '../src/cli/main.ts';

// Not `await`: the command is built as CommonJS, which starts faster.
void main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});
