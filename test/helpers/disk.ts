/** All that writes files, as one module for processes of their own. */
export * from '../../src/disk/files.ts';
export * from '../../src/ledger/transaction.ts';
export * from '../../src/ledger/journal.ts';
export * from '../../src/disk/temporary.ts';
