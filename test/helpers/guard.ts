/**
 * Runs before every test file: one forgotten variable would create a real authority in a real home.
 * Points HOME and everything that overrides it into a temporary folder, and drops the proxy and
 * certificate variables that would make a trust test pass for the wrong reason.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const unwanted =
  /^(DEVCERT_(?!REAL_STORES$|TEST_)|XDG_|SUDO_|JAVA_HOME$|JAVA_TOOL_OPTIONS$|.*(CA_BUNDLE|CA_CERTS.*|_CAINFO|CERT_FILE|CERT_DIR|SSL_ROOTS.*)$|PIP_CERT$|(all|no|https?|ftp)_proxy$)/i;
for (const name of Object.keys(process.env)) {
  // Reflect: a computed delete is what is meant here.
  if (unwanted.test(name)) Reflect.deleteProperty(process.env, name);
}

const home = realpathSync.native(mkdtempSync(join(tmpdir(), 'devcert-test-home-')));
process.env.HOME = home;
process.env.USERPROFILE = home;
process.env.LOCALAPPDATA = join(home, 'AppData', 'Local');
process.env.APPDATA = join(home, 'AppData', 'Roaming');
process.env.DEVCERT_HOME = join(home, 'devcert');
process.env.NO_COLOR = '1';

afterAll(() => {
  rmSync(home, { recursive: true, force: true });
});
