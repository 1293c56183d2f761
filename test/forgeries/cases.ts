/**
 * What a thief with the issuer's key may try, as data. Each case has a domain of its own, outside the
 * constraints, so that one server tells by SNI which certificate a client is to see.
 */
import type { Authority } from '../../src/authority/authority.ts';
import type { Name } from '../../src/names/names.ts';
import {
  type CommonName,
  forgeAuthority,
  forgeLeaf,
  type Forgery,
  forgeSubject,
  generalNames,
  issueFor,
  type Signer,
  STRING_TAGS,
  type StringType,
} from '../helpers/forge.ts';

export interface Pair {
  readonly certPem: string;
  readonly keyPem: string;
}

export interface Case {
  /** Stable: the answers in `answers.json` name it. */
  readonly id: string;
  /** What the guide calls it; `google.com` stands for the case's own domain. */
  readonly title: string;
  /** The host that the client means to reach. */
  readonly host: string;
  readonly make: (authority: Authority) => Pair | Promise<Pair>;
}

const SANS = {
  none: ['no SAN', {}],
  empty: ['an empty SAN', { san: [] }],
  email: ['SAN an e-mail address', { names: [{ type: 'email', value: 'ada@localhost' }] }],
  uri: ['SAN a URI', { names: [{ type: 'uri', value: 'https://localhost/ada' }] }],
  other: ['SAN an otherName', { san: [generalNames.other('ada')] }],
  ip: ['SAN the address 127.0.0.1', { names: [{ type: 'ip', value: '127.0.0.1' }] }],
  dns: ['SAN the name localhost', { names: [{ type: 'dns', value: 'localhost' }] }],
} as const satisfies Record<string, readonly [string, Pick<Forgery, 'names' | 'san'>]>;
type San = keyof typeof SANS;

/** A common name as it is shown, and the host that it is to match. */
type Form = readonly [
  id: string,
  title: string,
  host: 'D' | 'www.D' | 'a.www.D',
  names: readonly CommonName[],
  inOne?: boolean,
];

/** Where a matcher of wildcards, or of dots, may look the other way. D is the case's domain. */
const FORMS: readonly Form[] = [
  ['exact', '`google.com`', 'D', ['D']],
  ['star', '`*.google.com`', 'www.D', ['*.D']],
  ['star-end', '`w*.google.com`', 'www.D', ['w*.D']],
  ['star-start', '`*w.google.com`', 'www.D', ['*w.D']],
  ['star-middle', '`w*w.google.com`', 'www.D', ['w*w.D']],
  ['star-second', '`www.*.com`', 'www.D', ['www.*.com']],
  ['star-top', '`*.com`', 'D', ['*.com']],
  ['star-last', '`www.google.*`', 'www.D', ['www.D*']],
  ['star-alone', '`*`', 'D', ['*']],
  ['star-twice', '`*.*.google.com`', 'a.www.D', ['*.*.D']],
  ['star-deep', '`*.google.com` for a.www.google.com', 'a.www.D', ['*.D']],
  ['star-apex', '`*.google.com` for google.com', 'D', ['*.D']],
  ['dot', '`google.com.`', 'D', ['D.']],
  ['star-dot', '`*.google.com.`', 'www.D', ['*.D.']],
  ['dot-first', '`.google.com`', 'www.D', ['.D']],
  ['space', '`google.com ` with a space behind', 'D', ['D ']],
  ['nul', '`google.com`, NUL, `.localhost`', 'D', ['D\0.localhost']],
  ['two-first', '`google.com`, then `alice`', 'D', ['D', 'alice']],
  ['two-last', '`alice`, then `google.com`', 'D', ['alice', 'D']],
  ['star-two-first', '`*.google.com`, then `localhost`', 'www.D', ['*.D', 'localhost']],
  ['star-two-last', '`localhost`, then `*.google.com`', 'www.D', ['localhost', '*.D']],
  ['star-in-one', '`alice` and `*.google.com` in one set', 'www.D', ['alice', '*.D'], true],
];

const TYPE_NAMES: Record<StringType, string> = {
  utf8: 'UTF8String',
  printable: 'PrintableString',
  teletex: 'TeletexString',
  ia5: 'IA5String',
  universal: 'UniversalString',
  bmp: 'BMPString',
};

/** The same two names in the string types that are not UTF8String. */
const TYPED: readonly Form[] = (Object.keys(STRING_TAGS) as StringType[])
  .filter((type) => type !== 'utf8')
  .flatMap((type): Form[] => [
    [`exact-${type}`, `\`google.com\` as ${TYPE_NAMES[type]}`, 'D', [[type, 'D']]],
    [`star-${type}`, `\`*.google.com\` as ${TYPE_NAMES[type]}`, 'www.D', [[type, '*.D']]],
  ]);

const ALL_SANS = Object.keys(SANS) as San[];

/** Every form without a SAN and with one of each fallback's kind; the telling ones with every SAN. */
const COMMON_NAMES: readonly (readonly [Form, San])[] = [
  ...FORMS.flatMap((form) =>
    (['exact', 'star', 'dot'].includes(form[0]) ? ALL_SANS : (['none', 'email'] as const)).map(
      (san) => [form, san] as const,
    ),
  ),
  ...TYPED.flatMap((form) => (['none', 'email'] as const).map((san) => [form, san] as const)),
];

type Special = readonly [
  id: string,
  title: string,
  host: string,
  make: (authority: Authority, domain: string) => Pair | Promise<Pair>,
];

const dns = (...values: string[]): Name[] => values.map((value) => ({ type: 'dns', value }));
const forgedNames =
  (
    names: (domain: string) => readonly Name[],
    signer: (authority: Authority) => Signer | Promise<Signer> = (it) => it,
  ) =>
  async (authority: Authority, domain: string) =>
    forgeLeaf(await signer(authority), { names: names(domain) });
const forgedBytes = (text: (domain: string) => string) => (authority: Authority, domain: string) =>
  forgeLeaf(authority, { san: [generalNames.dns(text(domain))] });

const SPECIAL: readonly Special[] = [
  ['san-exact', 'SAN `google.com`', 'D', forgedNames((it) => dns(it))],
  ['san-star', 'SAN `*.google.com`', 'www.D', forgedNames((it) => dns(`*.${it}`))],
  ['san-mixed', 'SAN `localhost` and `google.com`', 'D', forgedNames((it) => dns('localhost', it))],
  ['san-dot', 'SAN `google.com.`', 'D', forgedBytes((it) => `${it}.`)],
  ['san-star-alone', 'SAN `*`', 'D', forgedBytes(() => '*')],
  ['san-nul', 'SAN `google.com`, NUL, `.localhost`', 'D', forgedBytes((it) => `${it}\0.localhost`)],
  [
    'san-nul-last',
    'SAN `localhost`, NUL, `.google.com`',
    'D',
    forgedBytes((it) => `localhost\0.${it}`),
  ],
  [
    'san-suffix',
    'SAN `eviltest`, which only ends in the permitted `test`',
    'eviltest',
    forgedNames(() => dns('eviltest')),
  ],
  [
    'sub-self-issued',
    'a self-issued authority below the issuer, then SAN `google.com`',
    'D',
    forgedNames(
      (it) => dns(it),
      (authority) => forgeAuthority(authority, true),
    ),
  ],
  [
    'sub',
    'an authority below the issuer, then SAN `google.com`',
    'D',
    forgedNames(
      (it) => dns(it),
      (authority) => forgeAuthority(authority, false),
    ),
  ],
  [
    'sub-inside',
    'an authority below the issuer, then SAN `sub-inside.test`, a permitted name',
    'sub-inside.test',
    forgedNames(
      (it) => dns(it),
      (authority) => forgeAuthority(authority, false),
    ),
  ],
  [
    'inside',
    'any permitted name: SAN `router.internal`',
    'router.internal',
    forgedNames((it) => dns(it)),
  ],
  [
    'client',
    'not forged: a certificate of `devcert --client nas.test`, as the server nas.test',
    'nas.test',
    (authority) => issueFor(authority, ['nas.test'], { client: true }).then(pairOf),
  ],
];

function pairOf({ certPem, keyPem }: Pair): Pair {
  return { certPem, keyPem };
}

/** Every case. The host of the case `star.none` is `www.star-none.com`. */
export const CASES: readonly Case[] = [
  ...COMMON_NAMES.map(([[id, title, host, names, inOne], san]): Case => {
    const name = `${id}.${san}`;
    const domain = `${id}-${san}.com`;
    const [sanTitle, forgery] = SANS[san];
    const subject = forgeSubject(
      names.map((it): CommonName =>
        typeof it === 'string' ? inDomain(it, domain) : [it[0], inDomain(it[1], domain)],
      ),
      inOne,
    );
    return {
      id: name,
      title: `CN ${title}, ${sanTitle}`,
      host: inDomain(host, domain),
      make: (authority) => forgeLeaf(authority, { subject, ...forgery }),
    };
  }),
  ...SPECIAL.map(([id, title, host, make]): Case => {
    const domain = host === 'D' || host === 'www.D' ? `${id}.com` : host;
    return {
      id,
      title,
      host: inDomain(host, domain),
      make: (authority) => make(authority, domain),
    };
  }),
];

/** `www.D*` becomes `www.case.*`: a star in the place of the last label. */
function inDomain(pattern: string, domain: string): string {
  return pattern === 'www.D*' ? `www.${domain.replace(/com$/, '*')}` : pattern.replace('D', domain);
}

/** What every engine has to take, so that a refusal means something. */
export const GOOD_HOST = 'good.test';
/** A good certificate of an authority that the engine was not told to trust: what each has to refuse. */
export const STRANGER_HOST = 'stranger.test';
