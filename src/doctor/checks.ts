/** Every check of `doctor`. Adding one is one file and one line here. */
import { authorityCheck, stateCheck } from './authority.ts';
import { handshakesCheck } from './handshakes.ts';
import { browsersCheck } from './browsers.ts';
import type { Check } from './machine.ts';
import { namesCheck } from './names.ts';
import { othersCheck } from './others.ts';
import { policiesCheck } from './policies.ts';
import { proxyCheck } from './proxy.ts';
import { servedCheck } from './served.ts';
import { orphansCheck, storesCheck } from './stores.ts';
import { variablesCheck } from './variables.ts';

/** In the order of their findings: causes before what comes of them. */
export const checks: readonly Check[] = [
  stateCheck,
  authorityCheck,
  storesCheck,
  variablesCheck,
  proxyCheck,
  policiesCheck,
  handshakesCheck,
  browsersCheck,
  servedCheck,
  namesCheck,
  orphansCheck,
  othersCheck,
];
