/** IP addresses: text and bytes. */

/**
 * An IP address as 4 or 16 bytes in network order, as in an iPAddress (RFC 5280 4.2.1.6).
 * @throws RangeError if `value` is not an address without brackets and zone
 */
export function ipBytes(value: string): Buffer {
  const bytes = isIPv4(value) ? Buffer.from(value.split('.').map(Number)) : ipv6Bytes(value);
  if (bytes === undefined) throw new RangeError('not an IP address');
  return bytes;
}

/** The address that 4 or 16 bytes are: dotted, or as RFC 5952 writes it, without brackets. */
export function formatIp(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) throw new RangeError('an IP address has 4 or 16 bytes');
  return formatIPv6(bytes);
}

/** True for four decimal numbers up to 255. Not `net.isIPv4`: loading `node:net` takes 3 ms of every issuing. */
export function isIPv4(text: string): boolean {
  return /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(text);
}

/** The 16 bytes of an IPv6 address in any spelling (RFC 4291 2.2), or undefined. Not `net.isIPv6`, whose pattern alone takes 3 ms to compile on Node 20. */
export function ipv6Bytes(text: string): Buffer | undefined {
  // A dotted tail is two groups.
  const groups = text.replace(/(?<=:)[0-9.]+\.[0-9]+$/, (tail) => {
    if (!isIPv4(tail)) return tail;
    const hex = ipBytes(tail).toString('hex');
    return `${hex.slice(0, 4)}:${hex.slice(4)}`;
  });
  const halves = groups.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const [head = [], tail = []] = halves;
  const missing = 8 - head.length - tail.length;
  if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) return undefined;
  const all = [...head, ...new Array<string>(missing).fill('0'), ...tail];
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** RFC 5952: lower case, no leading zeros, the first longest run of zero groups as `::`. */
function formatIPv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  // Section 5: the IPv4-mapped prefix keeps its dotted tail.
  if (/^(?:0:){5}ffff:/.test(groups.join(':'))) return `::ffff:${bytes.subarray(12).join('.')}`;
  let [start, longest] = [0, 1];
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (groups[i + length] === '0') length++;
    if (length > longest) [start, longest] = [i, length];
  }
  if (longest === 1) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + longest).join(':')}`;
}
