/** The proof that CI runs on Windows and macOS, here as far as Linux can: forging, servers, clients. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/host.ts';
import { prove } from './platform-proof.ts';
import { writeRecords } from './platform-records.ts';

describe.runIf(process.platform === 'linux')('prove()', () => {
  test('good ones are accepted with the root only, forged ones never', async () => {
    const records = temporaryFolder();
    const verdicts = await prove(records);
    expect(verdicts.filter(({ accepted, expected }) => accepted !== expected)).toEqual([]);
    // 3 judges: 4 good visits before, all 8 with the root, 4 after.
    expect(verdicts).toHaveLength(48);
    expect(verdicts.filter(({ accepted }) => accepted)).toHaveLength(12);
    expect(JSON.parse(readFileSync(join(records, 'verdicts.json'), 'utf8'))).toEqual(verdicts);
    await writeRecords(records);
    expect(readFileSync(join(records, 'tools.json'), 'utf8')).toContain('"status": 0');
  });
});
