/**
 * RC2 in CBC mode (RFC 2268), for reading only: mkcert, older NSS and `openssl pkcs12 -legacy`
 * encrypt certificates (never keys) with its 40-bit form, which OpenSSL 3 no longer has.
 */

/** The bytes with their padding removed, or undefined if the padding is wrong. `key` has 1 to 128 bytes. */
export function decryptRc2Cbc(key: Buffer, iv: Buffer, data: Buffer): Buffer | undefined {
  if (data.length === 0 || data.length % 8 !== 0) return undefined;
  const words = expandKey(key);
  const plain = Buffer.alloc(data.length);
  const block = new Uint16Array(4);
  let previous = iv;
  for (let at = 0; at < data.length; at += 8) {
    for (let i = 0; i < 4; i++) block[i] = data.readUInt16LE(at + 2 * i);
    decryptBlock(words, block);
    for (let i = 0; i < 4; i++)
      plain.writeUInt16LE(word(block, i) ^ previous.readUInt16LE(2 * i), at + 2 * i);
    previous = data.subarray(at, at + 8);
  }
  const padding = plain.at(-1) ?? 0;
  const isPadded =
    padding >= 1 && padding <= 8 && plain.subarray(-padding).every((byte) => byte === padding);
  return isPadded ? plain.subarray(0, -padding) : undefined;
}

// Section 2; the effective length is that of the key.
function expandKey(key: Buffer): Uint16Array {
  const bytes = Buffer.alloc(128);
  key.copy(bytes);
  const at = (index: number) => bytes[index] ?? 0;
  for (let i = key.length; i < 128; i++)
    bytes[i] = piTable[(at(i - 1) + at(i - key.length)) & 0xff] ?? 0;
  bytes[128 - key.length] = piTable[at(128 - key.length)] ?? 0;
  for (let i = 127 - key.length; i >= 0; i--)
    bytes[i] = piTable[at(i + 1) ^ at(i + key.length)] ?? 0;
  return Uint16Array.from({ length: 64 }, (_, i) => bytes.readUInt16LE(2 * i));
}

// Section 4: five rounds of r-mixing, an r-mash, six, an r-mash, five.
function decryptBlock(key: Uint16Array, block: Uint16Array): void {
  let next = 63;
  for (let round = 0; round < 16; round++) {
    for (let i = 3; i >= 0; i--) {
      const rotation = [1, 2, 3, 5][i] ?? 0;
      const value = word(block, i);
      const turned = (value >>> rotation) | (value << (16 - rotation));
      const [one, two, three] = [word(block, i + 3), word(block, i + 2), word(block, i + 1)];
      block[i] = turned - word(key, next--, 64) - (one & two) - (~one & three);
    }
    if (round === 4 || round === 10)
      for (let i = 3; i >= 0; i--)
        block[i] = word(block, i) - word(key, word(block, i + 3) & 63, 64);
  }
}

function word(words: Uint16Array, index: number, length = 4): number {
  return words[index % length] ?? 0;
}

const piTable = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2' +
    '179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82' +
    '54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
    '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7' +
    '08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec' +
    'c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9' +
    '0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
);
