// The double of icacls as a program, for wine: the lists of what is really there, kept in C:\icacls.json.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Drive } from './icacls.mjs';

const STATE = 'C:\\icacls.json';
const LOCK = 'C:\\icacls.lock';
const [path = '', ...words] = process.argv.slice(2);
// Several devcerts at once ask for it; who was ended in here leaves a lock that is old.
for (const start = Date.now(); ;) {
  try {
    mkdirSync(LOCK);
    break;
  } catch {
    if (Date.now() - start > 10_000) break;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
}
process.on('exit', () => existsSync(LOCK) && rmdirSync(LOCK));
const drive = new Drive(existsSync(STATE) ? JSON.parse(readFileSync(STATE, 'utf8')) : []);
// As on a disk of Windows: everybody who is known may read what is made there.
const note = (it, sids = []) => {
  const stat = statSync(it, { throwIfNoEntry: false }); // a temporary file may be gone by now
  if (stat !== undefined && !drive.has(it)) drive.add(it, sids, { isFolder: stat.isDirectory() });
};
note('C:', ['S-1-5-32-545', 'S-1-5-11']);
let folder = '';
for (const part of path.split('\\')) {
  folder = folder === '' ? part : `${folder}\\${part}`;
  if (existsSync(folder)) note(folder);
}
if (existsSync(path) && statSync(path).isDirectory())
  for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' }))
    note(join(path, name));
const { exitCode, file, text } = drive.icacls([path, ...words]);
if (exitCode === 70) console.error(`icacls double: not modelled: ${words.join(' ')}`);
if (file !== undefined) writeFileSync(file, text, 'utf16le');
writeFileSync(STATE, JSON.stringify(drive));
process.exitCode = exitCode;
