// Makes the single executable of what `npm run build` made: Node with the command, its guides and every chunk
// inside. Run by Node 26 or later, which puts it together, on the system that it is for or with another's Node:
//
//   node .ci/executable.mjs FOLDER [NODE]
//
// FOLDER gets devcert-VERSION-PLATFORM-ARCH.tar.gz (.zip for Windows) with devcert, the manual page and the
// licences, and its SHA-256 beside it; and, unpacked, the same files. What users need to know: src/guides/.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';

const [, , target, node = process.execPath] = process.argv;
if (target === undefined) throw new Error('usage: node .ci/executable.mjs FOLDER [NODE]');
const root = resolve(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { platform, arch } = kindOf(readFileSync(node).subarray(0, 4096));
const windows = platform === 'win32';
const name = `devcert-${version}-${windows ? 'windows' : platform}-${arch}`;
const folder = resolve(target, name);
const work = mkdtempSync(join(tmpdir(), 'devcert-executable-'));
try {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const executable = join(folder, windows ? 'devcert.exe' : 'devcert');
  await makeExecutable(executable);
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  copyFileSync(join(root, 'dist/LICENSES.txt'), join(folder, 'LICENSES.txt'));
  copyFileSync(licenceOf(node), join(folder, 'LICENSE-NODE'));
  if (!windows) copyFileSync(join(root, 'dist/devcert.1'), join(folder, 'devcert.1'));
  const archive = `${name}.${windows ? 'zip' : 'tar.gz'}`;
  pack(archive);
  const sha256 = createHash('sha256')
    .update(readFileSync(resolve(target, archive)))
    .digest('hex');
  writeFileSync(resolve(target, `${archive}.sha256`), `${sha256}  ${archive}\n`);
  const megabytes = (file) => (statSync(file).size / 1e6).toFixed(0);
  console.log(
    `${archive}: ${megabytes(resolve(target, archive))} MB, ${megabytes(executable)} MB unpacked`,
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** What a Node is for, by the first bytes of its file: ELF, Mach-O or PE. */
function kindOf(header) {
  if (header.readUInt32BE(0) === 0x7f454c46)
    return { platform: 'linux', arch: { 0x3e: 'x64', 0xb7: 'arm64' }[header.readUInt16LE(18)] };
  if (header.readUInt32LE(0) === 0xfeedfacf)
    return {
      platform: 'darwin',
      arch: { 0x01000007: 'x64', 0x0100000c: 'arm64' }[header.readUInt32LE(4)],
    };
  const pe = header.readUInt32LE(0x3c);
  if (header.toString('latin1', 0, 2) === 'MZ')
    return {
      platform: 'win32',
      arch: { 0x8664: 'x64', 0xaa64: 'arm64' }[header.readUInt16LE(pe + 4)],
    };
  throw new Error(`"${node}" is no Node of a system that is known here`);
}

async function makeExecutable(executable) {
  const guides = readdirSync(join(root, 'dist/guides')).sort();
  const main = join(work, 'main.cjs');
  await build({
    // The doctor looks names up in a process that it can end, which it starts as \`node -e CODE NAMES\`.
    stdin: {
      contents: `
        if (process.env.DEVCERT_AS_NODE === '1' && process.argv[2] === '-e') {
          const [, , , code, ...words] = process.argv;
          process.argv = [process.execPath, ...words];
          new Function('require', code)(require);
        } else require('./dist/bin/devcert.cjs');`,
      resolveDir: root,
    },
    outfile: main,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'node26',
    define: {
      DEVCERT_GUIDES: JSON.stringify(
        Object.fromEntries(
          guides.map((file) => [
            basename(file, '.md'),
            readFileSync(join(root, 'dist/guides', file), 'utf8'),
          ]),
        ),
      ),
    },
  });
  const config = join(work, 'config.json');
  const own = node === process.execPath;
  writeFileSync(
    config,
    JSON.stringify({
      main,
      output: executable,
      executable: stripped(),
      disableExperimentalSEAWarning: true,
      useCodeCache: own, // of this very Node
      execArgvExtension: 'none', // NODE_OPTIONS is for programs that people know to be Node
    }),
  );
  execFileSync(process.execPath, ['--build-sea', config], { stdio: 'ignore' });
  if (platform !== 'darwin') return;
  // What is put in breaks the signature that Node came with, and macOS starts no arm64 program without one. This
  // one says nothing of who made it: Gatekeeper asks the user about a file that a browser downloaded.
  if (process.platform === 'darwin')
    execFileSync('codesign', ['--force', '--sign', '-', executable]);
  else console.log('not signed, which macOS alone can do: it does not start on Apple silicon');
}

/** Node without the symbols that only a debugger reads, a fifth of it; where there is a strip for its format. */
function stripped() {
  if (platform !== 'linux' || process.platform !== 'linux' || arch !== process.arch) return node;
  const copy = join(work, 'node');
  copyFileSync(node, copy);
  return spawnSync('strip', [copy]).status === 0 ? copy : node;
}

/** It has to go with Node wherever Node goes. */
function licenceOf(node) {
  const near = [dirname(node), dirname(dirname(node))].map((it) => join(it, 'LICENSE'));
  const found = near.find((it) => existsSync(it));
  if (found === undefined) throw new Error(`no LICENSE beside "${node}" or above it`);
  return found;
}

function pack(archive) {
  const files = readdirSync(folder);
  const [file, cwd] = [resolve(target, archive), folder];
  // Windows' own tar is bsdtar, which writes zip, too.
  if (!windows) execFileSync('tar', ['-czf', file, ...files], { cwd });
  else if (process.platform === 'win32')
    execFileSync('tar', ['-a', '-cf', file, ...files], { cwd });
  else execFileSync('zip', ['-q', file, ...files], { cwd });
}
