/** What is the same in every certificate that devcert makes, for those who recognize one without making one. */

import { DAY_MS } from '../days.ts';

/** The organization (O) of every root and issuer. */
export const AUTHORITY_ORGANIZATION = 'devcert development CA';

/** For clocks that differ: certificates start to be valid this long before they are made. */
export const BACKDATE_MS = DAY_MS;
