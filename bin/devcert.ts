#!/usr/bin/env node
import { main } from '../src/cli/main.ts';

// Not `await`: the command is built as CommonJS, which starts faster. And exit(), as all is written by now:
// otherwise Node first clears away all memory piece by piece, which takes 1 ms.
void main(process.argv.slice(2)).then((exitCode) => process.exit(exitCode));
