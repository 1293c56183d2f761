declare const DEVCERT_VERSION: string;

/** Of package.json. */
export const version = DEVCERT_VERSION;

/** What asks for it. */
export const VERSION = /^(-V|--version)$/;
