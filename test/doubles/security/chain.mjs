// What the double's verify-cert knows of X.509: it builds and judges a chain with nothing of the product's.
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

const DAY_MS = 86_400_000;
const known = new Set([
  '2.5.29.14',
  '2.5.29.15',
  '2.5.29.17',
  '2.5.29.19',
  '2.5.29.30',
  '2.5.29.35',
  '2.5.29.37',
]);
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

/**
 * Why a server's certificate is refused; undefined if it is accepted.
 *
 * @param certificates DER, the leaf first, then what may lie above it.
 * @param isAnchor true for a certificate (X509Certificate) that trust settings trust for TLS.
 */
export function whyRefused(certificates, name, now, isAnchor) {
  const [leaf, ...others] = certificates.map((der) => new X509Certificate(der));
  const chain = buildChain([leaf], others, isAnchor);
  if (chain === undefined) return 'no chain to a trusted root';
  for (const certificate of chain) {
    if (now < new Date(certificate.validFrom) || now > new Date(certificate.validTo))
      return 'expired or not yet valid';
    for (const { oid, critical } of extensions(certificate.raw))
      if (critical && !known.has(oid)) return `unknown critical extension ${oid}`;
  }
  const days = (new Date(leaf.validTo) - new Date(leaf.validFrom)) / DAY_MS;
  if (days > 825) return 'valid for more than 825 days'; // Apple HT210176
  if (leaf.subjectAltName === undefined) return 'no subject alternative name';
  const matches = isIP(name) ? leaf.checkIP(name) : leaf.checkHost(name, { subject: 'never' });
  if (matches === undefined) return 'host name mismatch';
  if (!usages(leaf)?.includes(SERVER_AUTH)) return 'not for servers';
  for (const [index, authority] of chain.entries()) {
    if (index === 0) continue;
    if (!authority.ca) return 'an issuer is not an authority';
    const allowed = usages(authority);
    if (allowed !== undefined && !allowed.includes(SERVER_AUTH))
      return 'an issuer is not for servers';
    const pathLength = pathLengthOf(authority);
    if (pathLength !== undefined && index - 1 > pathLength) return 'the path is too long';
    const outside = nameOutside(authority, leaf);
    if (outside !== undefined) return `${outside} is outside the name constraints`;
  }
  return undefined;
}

function buildChain(chain, others, isAnchor) {
  const last = chain.at(-1);
  if (chain.length > 1 && isAnchor(last)) return chain;
  for (const candidate of others) {
    if (chain.some(({ fingerprint256 }) => fingerprint256 === candidate.fingerprint256)) continue;
    if (!last.checkIssued(candidate) || !last.verify(candidate.publicKey)) continue;
    const found = buildChain([...chain, candidate], others, isAnchor);
    if (found !== undefined) return found;
  }
  return undefined;
}

function usages(certificate) {
  const found = extensions(certificate.raw).find(({ oid }) => oid === '2.5.29.37');
  return found && children(found.value).map(({ value }) => oidText(value));
}

function pathLengthOf(certificate) {
  const found = extensions(certificate.raw).find(({ oid }) => oid === '2.5.29.19');
  const length = found && children(found.value).find(({ tag }) => tag === 0x02);
  return length && length.value[length.value.length - 1];
}

/** The first name of the leaf that no permitted subtree of its form holds, or that an excluded one does. */
function nameOutside(authority, leaf) {
  const found = extensions(authority.raw).find(({ oid }) => oid === '2.5.29.30');
  if (found === undefined) return undefined;
  const lists = children(found.value);
  const bases = (tag) =>
    lists
      .filter((list) => list.tag === tag)
      .flatMap(({ value }) => siblings(value).map((subtree) => children(subtree.raw)[0]));
  const permitted = bases(0xa0);
  const excluded = bases(0xa1);
  for (const name of names(leaf)) {
    const ofForm = permitted.filter(({ tag }) => tag === name.tag);
    const isIn = (base) => base.tag === name.tag && within(name, base.value);
    if (excluded.some(isIn) || (ofForm.length > 0 && !ofForm.some(isIn))) return name.text;
  }
  return undefined;
}

function names(leaf) {
  const found = extensions(leaf.raw).find(({ oid }) => oid === '2.5.29.17');
  return children(found.value).map(({ tag, value }) => ({
    tag,
    value,
    text: tag === 0x87 ? value.join('.') : value.toString('latin1'),
  }));
}

function within({ tag, value, text }, base) {
  if (tag === 0x82) {
    const suffix = base.toString('latin1').toLowerCase();
    const name = text.toLowerCase();
    return suffix === '' || name === suffix || name.endsWith(`.${suffix}`);
  }
  if (tag === 0x87) {
    if (base.length !== value.length * 2) return false;
    return value.every(
      (byte, i) => (byte & base[value.length + i]) === (base[i] & base[value.length + i]),
    );
  }
  throw new Error(`a constraint on a name form that the double does not know: ${tag}`);
}

function extensions(der) {
  const [tbs] = children(der);
  const field = siblings(tbs.value).find(({ tag }) => tag === 0xa3);
  if (field === undefined) return [];
  return children(field.value).map(({ raw }) => {
    const parts = children(raw);
    return {
      oid: oidText(parts[0].value),
      critical: parts.length === 3 && parts[1].value[0] !== 0,
      value: parts.at(-1).value,
    };
  });
}

/** The elements inside the one element that `der` holds. */
function children(der) {
  return siblings(siblings(der)[0].value);
}

function siblings(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length;) {
    let length = bytes[at + 1];
    let start = at + 2;
    if (length > 0x80) {
      const size = length & 0x7f;
      length = bytes.readUIntBE(start, size);
      start += size;
    }
    found.push({
      tag: bytes[at],
      value: bytes.subarray(start, start + length),
      raw: bytes.subarray(at, start + length),
    });
    at = start + length;
  }
  return found;
}

function oidText(bytes) {
  const numbers = [Math.floor(bytes[0] / 40), bytes[0] % 40];
  let number = 0;
  for (const byte of bytes.subarray(1)) {
    number = number * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      numbers.push(number);
      number = 0;
    }
  }
  return numbers.join('.');
}
