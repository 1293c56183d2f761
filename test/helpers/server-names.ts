/** Names that no server may answer with a certificate. */

/** What no client has a right to send, and what programs may pass on instead of a name. */
export const HOSTILE: readonly unknown[] = [
  ...['', '.', '..', '*', '*.app.test', 'a.*.test', 'a*.test', '-a.test', 'a-.test', 'a..test'],
  ...['a.test..', '.a.test', 'a b.test', 'a.test\n', '\na.test', 'a.test\r\nX: y', 'a\0.test'],
  ...['a.test\0', 'app.test/', 'app.test:443', 'user@app.test', 'https://app.test', "a'.test"],
  ...['127.0.0.1', '::1', '[::1]', '1.2', '0x7f.1', '127.0.0.1.', 'a.1', 'app.test%00', 'a%2etest'],
  ...[
    'bücher.test',
    'ａpp.test',
    'app。test',
    'xn--a.test',
    'xn--.test',
    'a\u200db.test',
    '\ud800',
  ],
  ...['x'.repeat(64) + '.test', 'a.'.repeat(126) + 'test', 'a'.repeat(65_536), '.'.repeat(65_536)],
  ...['..', '../../etc/passwd', '$(id).test', '__proto__ ', 'app.test\u202e'],
  ...[undefined, null, 0, 7, true, NaN, [], ['app.test'], {}, { toString: () => 'app.test' }],
  ...[Symbol('app.test'), () => 'app.test', new String('app.test'), Buffer.from('app.test')],
];
