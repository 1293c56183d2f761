/** Every kind of trust store there is. Adding one is one file and one line here. */
import { firefoxOnMacos } from './firefox-macos.ts';
import { firefoxOnWindows } from './firefox-windows.ts';
import { javaStores } from './java.ts';
import { linuxSystemStores } from './linux-system.ts';
import { macosStores } from './macos.ts';
import { nssStores } from './nss.ts';
import { simulatorStores } from './simulators.ts';
import { windowsStores } from './windows.ts';
import { wslStores } from './wsl.ts';
import type { StoreFinder } from './types.ts';

/** In the order they are worked on: Debian's system store fills Java's, so it comes first. */
export const storeFinders: readonly StoreFinder[] = [
  linuxSystemStores,
  macosStores,
  windowsStores,
  wslStores,
  nssStores,
  firefoxOnMacos,
  firefoxOnWindows,
  javaStores,
  simulatorStores,
];
