/**
 * Domain names in any script, as certificates and resolvers want them: A-labels.
 * What `node:url` converts is more than what may safely be signed; the rest of the rules are here.
 */
import { domainToASCII, domainToUnicode } from 'node:url';

/**
 * The A-labels of a domain name (UTS #46, non-transitional, lower case), or what is wrong with it.
 * With a problem, `ascii` is what the name would have become, if it could be converted at all.
 *
 * `domain` may hold A-labels, U-labels and dots of any script, but of ASCII only letters, digits,
 * hyphens, underscores and dots: `domainToASCII` reads its argument as part of a URL and would
 * decode `%2e` and cut at a `/`.
 */
export function encodeDomain(domain: string): {
  readonly ascii: string;
  readonly problem?: string;
} {
  const lower = domain.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  // Without this short cut "1.2.3" would come back as the address 1.2.0.3.
  if (/^[\x00-\x7f]*$/.test(lower) && !/(^|\.)xn--/.test(lower)) return { ascii: lower };
  // UTS #46 drops these without a word, so that two names that differ would be one. Joiners are
  // letters of some scripts; `domainToASCII` checks where they stand (RFC 5892 appendix A).
  if (/(?![\u200c\u200d])\p{Default_Ignorable_Code_Point}/u.test(lower))
    return { ascii: '', problem: 'holds an invisible character' };
  const ascii = domainToASCII(lower);
  if (ascii === '') return { ascii, problem: 'is not a valid internationalised name' };
  for (const label of ascii.split('.')) {
    const problem = label.startsWith('xn--') ? problemOf(label) : undefined;
    if (problem !== undefined) return { ascii, problem };
  }
  return { ascii };
}

/** The name as people write it, in its own script. `ascii` as {@link encodeDomain} gives it. */
export function decodeDomain(ascii: string): string {
  return ascii.includes('xn--') ? domainToUnicode(ascii) : ascii;
}

function problemOf(aLabel: string): string | undefined {
  const label = domainToUnicode(aLabel);
  // One spelling for one name: `xn--abc-` decodes to plain "abc".
  if (/^[\x00-\x7f]*$/.test(label) || domainToASCII(label) !== aLabel)
    return 'is not a valid internationalised name';
  // RFC 5891 4.2.3.1 and 4.2.3.2
  if (/^-|-$|^..--|^\p{M}/u.test(label))
    return 'has a hyphen or a combining mark where none may stand';
  if (!isLetters(label)) return 'holds a symbol; only letters, digits and hyphens are allowed';
  if (!isOneScript(label)) return 'mixes scripts or uses a rare one, as look-alike names do';
  return undefined;
}

/** RFC 5892: letters, marks and digits, the exceptions of 2.6 to both sides, and appendix A's contexts. */
function isLetters(label: string): boolean {
  return (
    /^[\p{Ll}\p{Lo}\p{Lm}\p{Mn}\p{Mc}\p{Nd}\u00b7\u0375\u05f3\u05f4\u06fd\u06fe\u0f0b\u3007\u30fb\u200c\u200d-]+$/u.test(
      label,
    ) &&
    // 2.6 disallowed, 2.9 old Hangul jamo
    !/[\u0640\u07fa\u302e\u302f\u3031-\u3035\u303b\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]/u.test(
      label,
    ) &&
    // A.3 to A.9, in their order
    !/(?<!l)\u00b7|\u00b7(?!l)/u.test(label) &&
    !/\u0375(?!\p{Script=Greek})/u.test(label) &&
    !/(?<!\p{Script=Hebrew})[\u05f3\u05f4]/u.test(label) &&
    (!label.includes('\u30fb') || /[\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Han}]/u.test(label)) &&
    !(/[\u0660-\u0669]/.test(label) && /[\u06f0-\u06f9]/.test(label))
  );
}

/**
 * UTS #39 5.2 "highly restrictive": one recommended script (UAX #31 table 5), or one of the three
 * mixtures with Latin that East Asian names are written in.
 */
function isOneScript(label: string): boolean {
  const scripts = (
    'Latin+Han+Hiragana+Katakana Latin+Han+Hangul Latin+Han+Bopomofo Arabic Armenian Bengali ' +
    'Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Hebrew Kannada Khmer Lao ' +
    'Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan'
  ).split(' ');
  return scripts.some((mixture) => {
    const each = [...mixture.split('+'), 'Common', 'Inherited'];
    return new RegExp(`^[${each.map((script) => `\\p{scx=${script}}`).join('')}]+$`, 'u').test(
      label,
    );
  });
}
