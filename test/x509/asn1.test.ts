import { describe, expect, test } from 'vitest';
import { DevcertError } from '../../src/errors.ts';
import {
  contextTagOf,
  fieldsOf,
  MAX_CHILDREN,
  MAX_DEPTH,
  readElement,
  readFirst,
  TAG,
  unwrap,
} from '../../src/x509/asn1.ts';
import {
  decodeBits,
  decodeBoolean,
  decodeIntegerBytes,
  decodeOctets,
  decodeOid,
  decodeSmallInteger,
  decodeText,
  decodeTime,
} from '../../src/x509/asn1-values.ts';
import * as der from '../../src/x509/der.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const der1 = (text: string) => readElement(hex(text));
const ber1 = (text: string) => readElement(hex(text), { ber: true });

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return error instanceof DevcertError ? error.code : String(error);
  }
  return 'nothing thrown';
}

describe('readElement()', () => {
  test('gives tag, content and the whole encoding, without copying', () => {
    const bytes = hex('30 03 02 01 05');
    const element = readElement(bytes);
    expect(element.tag).toBe(TAG.sequence);
    expect(element.content).toEqual(hex('02 01 05'));
    expect(element.raw.buffer).toBe(bytes.buffer);
  });

  test.each([
    ['nothing', ''],
    ['a tag without a length', '30'],
    ['a length that ends too early', '30 82 01'],
    ['more length than bytes', '04 05 00'],
    ['a claim of 4 GB', '04 84 ff ff ff ff'],
    ['a length of five bytes', '04 85 00 00 00 00 01 00'],
    ['the reserved length', '04 ff 00'],
    ['bytes after the end', '05 00 00'],
    ['a long form for a short length', '04 81 01 00'],
    ['a length with a leading zero', `04 82 00 80 ${'00'.repeat(128)}`],
    ['an indefinite length', '30 80 00 00'],
    ['a tag number above 30', '1f 81 00 00'],
    ['an end of contents', '00 00'],
  ])('refuses %s', (_, bytes) => {
    expect(codeOf(() => der1(bytes))).toBe('invalid-input');
  });

  test('takes indefinite and long lengths with the option "ber"', () => {
    expect(ber1('30 80 02 01 05 00 00').content).toEqual(hex('02 01 05'));
    expect(ber1('30 80 30 80 00 00 04 02 00 00 00 00').raw).toHaveLength(12);
    expect(ber1('04 82 00 01 07').content).toEqual(hex('07'));
    for (const damaged of ['30 80', '30 80 00 01 00', '30 80 02 01 05 00', '04 80 00 00'])
      expect(codeOf(() => ber1(damaged))).toBe('invalid-input');
  });

  test('readFirst() lets something follow', () => {
    expect(readFirst(hex('05 00 ff')).raw).toEqual(hex('05 00'));
  });
});

describe('children', () => {
  test(`are refused below ${MAX_DEPTH} levels, without recursion`, () => {
    let nested = der.nullValue();
    for (let i = 0; i < 1000; i++) nested = der.sequence(nested);
    const descend = () => {
      let element = readElement(nested);
      for (;;) element = unwrap(element);
    };
    expect(codeOf(descend)).toBe('invalid-input');
  });

  test('a million indefinite lengths in each other are refused at once', () => {
    expect(codeOf(() => readElement(Buffer.alloc(2e6, '3080', 'hex'), { ber: true }))).toBe(
      'invalid-input',
    );
  });

  test(`more than ${MAX_CHILDREN} in one value are refused`, () => {
    const sequence = der.sequence(Buffer.alloc(2 * (MAX_CHILDREN + 1), '0500', 'hex'));
    expect(codeOf(() => [...readElement(sequence).children()])).toBe('invalid-input');
  });

  test('of a value in one piece there are none', () => {
    expect(codeOf(() => [...der1('04 02 05 00').children()])).toBe('invalid-input');
  });

  test('may not be longer than what holds them', () => {
    expect(codeOf(() => [...der1('30 03 04 02 00').children()])).toBe('invalid-input');
  });
});

describe('fieldsOf()', () => {
  const fields = () => fieldsOf(der1('30 08 02 01 05 80 01 07 05 00'));

  test('takes values in their order, optional ones by their tag', () => {
    const it = fields();
    expect(it.optional(TAG.oid)).toBeUndefined();
    expect(decodeSmallInteger(it.next(TAG.integer))).toBe(5);
    expect(it.tag).toBe(contextTagOf(0, false));
    expect(it.optional(contextTagOf(0, false))?.content).toEqual(hex('07'));
    it.next();
    it.end();
    expect(it.tag).toBeUndefined();
  });

  test('refuses another tag, a missing value and one too many', () => {
    expect(codeOf(() => fields().next(TAG.oid))).toBe('invalid-input');
    expect(codeOf(() => fieldsOf(der1('30 00')).next())).toBe('invalid-input');
    expect(
      codeOf(() => {
        fields().end();
      }),
    ).toBe('invalid-input');
    expect(codeOf(() => fieldsOf(der1('31 00')))).toBe('invalid-input');
  });
});

describe('decoders', () => {
  test.each(['2.5.29.17', '1.2.840.113549.1.1.11', '2.16.840.1.113894.746875.1.1', '0.9', '2.999'])(
    'decodeOid() reads %s as der.oid() wrote it',
    (dotted) => {
      expect(decodeOid(readElement(der.oid(dotted)))).toBe(dotted);
    },
  );

  test('decodeOid() reads numbers of more than 53 bits', () => {
    expect(decodeOid(der1('06 0b 69 ff ff ff ff ff ff ff ff ff 7f'))).toBe(
      `2.25.${2n ** 70n - 1n}`,
    );
  });

  test.each(['06 00', '06 02 80 01', '06 01 81', `06 41 ${'01'.repeat(65)}`, '04 01 01'])(
    'decodeOid() refuses %s',
    (bytes) => {
      expect(codeOf(() => decodeOid(der1(bytes)))).toBe('invalid-input');
    },
  );

  test('decodeIntegerBytes() keeps the sign and refuses padding', () => {
    expect(decodeIntegerBytes(der1('02 02 00 80'))).toEqual(hex('00 80'));
    expect(decodeIntegerBytes(der1('02 01 80'))).toEqual(hex('80'));
    for (const bytes of ['02 00', '02 02 00 7f', '02 02 ff 80', '02 03 00 00 80'])
      expect(codeOf(() => decodeIntegerBytes(der1(bytes)))).toBe('invalid-input');
  });

  test('decodeSmallInteger() reads 0 to 2147483647', () => {
    expect(decodeSmallInteger(der1('02 01 00'))).toBe(0);
    expect(decodeSmallInteger(der1('02 04 7f ff ff ff'))).toBe(2147483647);
    for (const bytes of ['02 01 ff', '02 05 00 ff ff ff ff', '02 04 80 00 00 00'])
      expect(codeOf(() => decodeSmallInteger(der1(bytes)))).toBe('invalid-input');
  });

  test('decodeBoolean() takes 00 and FF only', () => {
    expect(decodeBoolean(der1('01 01 ff'))).toBe(true);
    expect(decodeBoolean(der1('01 01 00'))).toBe(false);
    for (const bytes of ['01 01 01', '01 00', '01 02 ff ff'])
      expect(codeOf(() => decodeBoolean(der1(bytes)))).toBe('invalid-input');
  });

  test('decodeOctets() joins pieces in BER, at any level, and never in DER', () => {
    const pieces = '24 80 04 01 01 24 05 04 01 02 04 00 04 01 03 00 00';
    expect(decodeOctets(ber1(pieces))).toEqual(hex('01 02 03'));
    expect(codeOf(() => decodeOctets(der1('24 03 04 01 01')))).toBe('invalid-input');
    expect(codeOf(() => decodeOctets(ber1('24 80 02 01 01 00 00')))).toBe('invalid-input');
    expect(decodeOctets(ber1('a0 03 04 01 07'), contextTagOf(0, false))).toEqual(hex('07'));
  });

  test('decodeBits() refuses bits that do not count and are set', () => {
    expect(decodeBits(der1('03 02 05 a0'))).toEqual({ bytes: hex('a0'), unusedBits: 5 });
    expect(decodeBits(der1('03 01 00')).bytes).toHaveLength(0);
    for (const bytes of ['03 00', '03 01 01', '03 02 08 00', '03 02 05 a1'])
      expect(codeOf(() => decodeBits(der1(bytes)))).toBe('invalid-input');
  });

  test('decodeTime() reads what der.time() wrote', () => {
    for (const text of ['1999-12-31T23:59:59Z', '2049-12-31T23:59:59Z', '2050-01-01T00:00:00Z']) {
      const date = new Date(text);
      expect(decodeTime(readElement(der.time(date)))).toEqual(date);
    }
  });

  test.each([
    ['17', '991231235959'],
    ['17', '990231000000Z'],
    ['17', '9912312359Z'],
    ['17', '991231235960Z'],
    ['17', '991231240000Z'],
    ['17', '991231235959+0100'],
    ['18', '20500101000000.5Z'],
    ['18', '00000100000000Z'],
  ])('decodeTime() refuses tag %s "%s"', (tag, text) => {
    const bytes = Buffer.concat([hex(tag), Buffer.of(text.length), Buffer.from(text)]);
    expect(codeOf(() => decodeTime(readElement(bytes)))).toBe('invalid-input');
  });

  test('decodeText() reads every string type', () => {
    expect(decodeText(readElement(der.utf8String('Zoë 🐻')))).toBe('Zoë 🐻');
    expect(decodeText(readElement(der.bmpString('Zoë')))).toBe('Zoë');
    expect(decodeText(readElement(der.printableString('Ada')))).toBe('Ada');
    expect(decodeText(der1('14 02 e9 41'))).toBe('éA');
    expect(decodeText(der1('1c 04 00 01 f4 3b'))).toBe('🐻');
    for (const bytes of ['0c 01 ff', '1e 01 00', '16 01 80', '1c 04 00 11 00 00', '04 01 41'])
      expect(codeOf(() => decodeText(der1(bytes)))).toBe('invalid-input');
  });
});
