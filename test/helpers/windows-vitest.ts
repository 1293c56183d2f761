/**
 * As much of vitest as the unit tests need that are bundled for Windows' Node, where vitest itself does not
 * run under wine: vitest's own `expect`, and tests one after the other. Prints `{ passed, failed }` as JSON.
 */
import { JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect';
import * as chai from 'chai';

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);
export const expect = chai.expect;

type Body = (...values: unknown[]) => unknown;
const suite: string[] = [];
const tests: { title: string; body: Body; before: Body[] }[] = [];
let before: Body[] = [];
let finishers: Body[] = [];

export function describe(title: string, body: () => void): void {
  const outer = before;
  before = [...outer];
  suite.push(title);
  body();
  suite.pop();
  before = outer;
}
function add(title: string, body: Body): void {
  tests.push({ title: [...suite, title].join(' > '), body, before });
}
export const test = Object.assign(add, {
  each: (rows: readonly unknown[]) => (title: string, body: Body) => {
    for (const row of rows) {
      const values = Array.isArray(row) ? (row as unknown[]) : [row];
      add(`${title} ${JSON.stringify(values)}`, () => body(...values));
    }
  },
});
export const beforeEach = (body: Body) => before.push(body);
export const onTestFinished = (body: Body) => finishers.push(body);

async function runAll(): Promise<void> {
  const failed: string[] = [];
  for (const { title, body, before } of tests) {
    try {
      for (const it of before) await it();
      await body();
    } catch (error) {
      failed.push(`${title}: ${String(error)}`);
    }
    for (const it of finishers) await it();
    finishers = [];
  }
  console.log(JSON.stringify({ passed: tests.length - failed.length, failed }));
}
// After every module of the bundle has told its tests.
setImmediate(() => void runAll());
