/** Days as time. */

/** Milliseconds of a day, as certificates count them: all alike, whatever the clocks are set to in spring. */
export const DAY_MS = 86_400_000;
