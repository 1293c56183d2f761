declare const DEVCERT_VERSION: string;

/** Of package.json, put in by the build. */
export const version = typeof DEVCERT_VERSION === 'undefined' ? 'not built' : DEVCERT_VERSION;

/** What asks for it. */
export const VERSION = /^(-V|--version)$/;
