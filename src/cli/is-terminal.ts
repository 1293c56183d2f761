/**
 * Whether somebody reads: a file of its own, as `node:tty` loads Node's network stack, and `import('node:tty')`
 * itself would load Node's loader of ES modules besides.
 */
export { isatty } from 'node:tty';
