import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { install } from '../../src/commands/install.ts';
import { issue } from '../../src/commands/issue.ts';
import { status } from '../../src/commands/status.ts';
import { projectMachine } from '../helpers/stores.ts';

describe('status()', () => {
  test('3 without an authority, 4 until every store trusts it, 0 then', async () => {
    const { context } = projectMachine([
      {},
      { kind: 'nss', unavailable: { reason: 'none', needed: false } },
    ]);
    expect(await status(context)).toMatchObject({ exitCode: 3, authority: undefined });
    expect(existsSync(context.folder)).toBe(false);
    await issue(context, []);
    expect(await status(context)).toMatchObject({ exitCode: 4, stores: [{ state: 'absent' }, {}] });
    await install(context);
    expect(await status(context)).toMatchObject({
      exitCode: 0,
      authority: { daysLeft: 3652 },
      stores: [{ state: 'trusted' }, { state: 'unavailable', needed: false }],
    });
  });
});
