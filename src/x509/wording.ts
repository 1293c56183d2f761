/** How names of a certificate are shown to people. */
import { nameText } from './distinguished-name.ts';
import type { Wording } from './general-names.ts';
import { oidName } from './oids.ts';

/** By what standards call them. */
export const shownAs: Wording = { identifier: oidName, directory: nameText };
