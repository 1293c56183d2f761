#!/usr/bin/env node
// A strict double of macOS's /usr/bin/security, after Apple's published source (Security, SecurityTool/macOS):
// BSD getopt, state, exit codes, messages. Whatever it does not model ends with exit code 70 and says so.
// This file is the program; most tests ask commands.mjs without a process.
//
// SECD_ROOT, SECD_UID, SECD_UI, SECD_SIP, SECD_LOCKED (1): the knobs of machine.mjs; HOME
import { security } from './commands.mjs';

const { SECD_ROOT, SECD_UID = '501', SECD_UI, SECD_SIP, SECD_LOCKED, HOME } = process.env;
const { exitCode, stdout, stderr } = security(process.argv.slice(2), {
  root: SECD_ROOT,
  home: HOME,
  uid: Number(SECD_UID),
  ui: SECD_UI,
  sip: SECD_SIP,
  locked: SECD_LOCKED === '1',
});
if (exitCode === undefined) setTimeout(() => undefined, 2 ** 31 - 1);
else {
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = exitCode;
}
