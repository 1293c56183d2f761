/**
 * What somebody may sign who has every file of a sealed authority, and no key of a CA: leaves for names inside the
 * constraints, so that nothing but the key is in the way.
 */
import { createPrivateKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import {
  encodePrivateKey,
  generateKey,
  keyIdentifier,
  type PublicKey,
  publicKeyDer,
  publicKeyOf,
} from '../../src/keys.ts';
import { keySigner } from '../../src/signer/key.ts';
import { type Signer, signCertificate } from '../../src/x509/certificate.ts';
import { bitString, integer, oid, sequence } from '../../src/x509/der.ts';
import {
  authorityConstraints,
  authorityKeyIdentifier,
  keyUsage,
  subjectKeyIdentifier,
} from '../../src/x509/extensions.ts';
import { readSubject } from '../../src/x509/read.ts';
import { forgeLeaf } from '../helpers/forge.ts';
import { EC_KEY, P256_ORDER, pkcs8, spelledOutWith } from '../helpers/odd-keys.ts';
import type { Pair } from './cases.ts';

/** What the files hold. */
export interface Loot {
  readonly root: X509Certificate;
  readonly issuer: X509Certificate;
  readonly leaf: X509Certificate;
  /** Of the leaf: the one key there is. */
  readonly key: KeyObject;
}

type Attempt = (loot: Loot, host: string) => Promise<Pair>;

/** How the thief tries, by a word that can be a host: what a server would present. */
export const KEYLESS: Readonly<Record<string, Attempt>> = {
  'leaf-as-ca': ({ leaf, issuer, key }, host) =>
    signedAs(leaf, keySigner(key), host, [leaf, issuer]),
  'leaf-key-as-issuer': ({ issuer, key }, host) => signedAs(issuer, keySigner(key), host, [issuer]),
  'leaf-key-as-root': ({ root, key }, host) => signedAs(root, keySigner(key), host, [root]),
  'ca-below-leaf': async ({ root, leaf, issuer, key }, host) => {
    const made = await makeCa(root, leaf, newKey(), keySigner(key));
    return signedAs(root, made.signer, host, [made.certificate, leaf, issuer]);
  },
  'root-of-same-name': async ({ root }, host) => {
    const made = await makeCa(root, root, newKey());
    return signedAs(root, made.signer, host, [made.certificate]);
  },
  'root-of-same-name-behind-ours': async ({ root }, host) => {
    const made = await makeCa(root, root, newKey());
    return signedAs(root, made.signer, host, [root, made.certificate]);
  },
  'issuer-of-same-name': async ({ root, issuer }, host) => {
    const above = await makeCa(root, root, newKey());
    const made = await makeCa(issuer, root, newKey(), above.signer);
    return signedAs(issuer, made.signer, host, [made.certificate, above.certificate]);
  },
  'issuer-of-same-name-behind-ours': async ({ root, issuer }, host) => {
    const made = await makeCa(issuer, root, newKey());
    return signedAs(issuer, made.signer, host, [issuer, made.certificate]);
  },
  'another-key-in-the-issuer': ({ issuer }, host) => {
    const key = generateKey('p256');
    const changed = replaced(issuer, publicKeyDer(issuer.publicKey), publicKeyDer(key));
    return signedAs(issuer, keySigner(key), host, [changed]);
  },
  'another-key-in-the-leaf': ({ leaf, issuer }) => {
    const key = generateKey('p256');
    const changed = replaced(leaf, publicKeyDer(leaf.publicKey), publicKeyDer(key));
    return Promise.resolve(pairOf([changed, issuer], key));
  },
  // CVE-2022-21449: some did not look whether r and s are in range.
  'zeros-as-signature': ({ issuer }, host) => {
    const zero = integer(0);
    return signedAs(issuer, always(sequence(zero, zero), issuer), host, [issuer]);
  },
  'order-as-signature': ({ issuer }, host) => {
    const order = integer(Buffer.from(P256_ORDER, 'hex'));
    return signedAs(issuer, always(sequence(order, order), issuer), host, [issuer]);
  },
  'no-signature': ({ issuer }, host) =>
    signedAs(issuer, always(Buffer.alloc(0), issuer), host, [issuer]),
  // CVE-2020-0601: the public key as the base point of a curve of its own, where its private key is 1.
  'root-on-its-own-curve': async ({ root }, host) => {
    const made = await makeCa(root, root, onOwnCurve(root));
    return signedAs(root, made.signer, host, [made.certificate]);
  },
  'issuer-on-its-own-curve': async ({ root, issuer }, host) => {
    const above = await makeCa(root, root, onOwnCurve(root));
    const made = await makeCa(issuer, root, onOwnCurve(issuer), above.signer);
    return signedAs(issuer, made.signer, host, [made.certificate, above.certificate]);
  },
};

/** A leaf that says to be issued by `issuer`. */
function signedAs(
  issuer: X509Certificate,
  signer: Signer,
  host: string,
  chain: readonly X509Certificate[],
): Promise<Pair> {
  const chainPem = chain.map((it) => it.toString()).join('');
  return forgeLeaf(
    { issuer, signer: () => signer, chainPem },
    { names: [{ type: 'dns', value: host }] },
  );
}

/**
 * A CA with name and key identifier of another, as if issued by `issuer`.
 *
 * @param own its key, signed with by itself unless there is another one above.
 */
async function makeCa(like: X509Certificate, issuer: X509Certificate, own: Signer, above = own) {
  const der = await signCertificate(
    {
      issuer: readSubject(issuer.raw),
      subject: readSubject(like.raw),
      key: own.publicKey,
      notBefore: new Date(like.validFrom),
      notAfter: new Date(like.validTo),
      extensions: [
        authorityConstraints(1),
        keyUsage('keyCertSign', 'cRLSign'),
        subjectKeyIdentifier(keyIdentifier(like.publicKey)),
        authorityKeyIdentifier(keyIdentifier(issuer.publicKey)),
      ],
    },
    above,
  );
  return { certificate: new X509Certificate(der), signer: own };
}

const newKey = () => keySigner(generateKey('p256'));

function always(signature: Buffer, { publicKey }: X509Certificate): Signer {
  return { publicKey: publicKeyOf(publicKey), sign: () => Promise.resolve(signature) };
}

function onOwnCurve({ publicKey }: X509Certificate): Signer {
  const point = publicKeyDer(publicKey).subarray(-65);
  const curve = spelledOutWith(point);
  const one = Buffer.alloc(32);
  one[31] = 1;
  const key = createPrivateKey({ key: pkcs8(one, curve), format: 'der', type: 'pkcs8' });
  const der = sequence(sequence(oid(EC_KEY), curve), bitString(point));
  const claimed: PublicKey = { type: 'p256', der };
  return { publicKey: claimed, sign: (bytes) => Promise.resolve(sign('sha256', bytes, key)) };
}

/** A certificate with some of its bytes changed and its signature left. */
function replaced({ raw }: X509Certificate, old: Buffer, other: Buffer): X509Certificate {
  const at = raw.indexOf(old);
  if (at === -1 || old.length !== other.length) throw new RangeError('nothing to replace');
  return new X509Certificate(
    Buffer.concat([raw.subarray(0, at), other, raw.subarray(at + old.length)]),
  );
}

function pairOf(chain: readonly X509Certificate[], key: KeyObject): Pair {
  return { certPem: chain.map((it) => it.toString()).join(''), keyPem: encodePrivateKey(key) };
}
