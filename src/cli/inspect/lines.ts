/** What `inspect` found, as lines for a person: one screen for a file. Pure. */
import type { InspectResult } from '../../commands/inspect.ts';
import type { InspectedCertificate, InspectedCsr, InspectedFile } from '../../inspect/types.ts';
import type { CrlDetails } from '../../x509/crl.ts';
import { problemLines } from './problems.ts';
import { protectionText, storeLines } from './store.ts';
import {
  constraintListsText,
  datesText,
  dateText,
  fileText,
  foreignText,
  keyText,
  leftText,
  nameText,
  shown,
  signatureText,
  titleOf,
  trailingText,
  usageText,
} from './format.ts';
import { table, counted } from '../lines.ts';
import { wrap } from '../wrap.ts';
import type { Style } from '../terminal.ts';

export function inspectLines({ files, relations }: InspectResult, style: Style): string[] {
  const between = relations.map(({ kind, file, other }) => {
    const [one, two] = [shown(file), shown(other)];
    return {
      'key-of': `${one} is the key of ${two}`,
      'not-key-of': style.bad(`${one} is not the key of ${two}`),
      'signed-by': `${one} was signed by ${two}`,
      'csr-of': `${one} asks for a certificate for the key of ${two}`,
    }[kind];
  });
  return [
    ...files.flatMap((file, index) => [...(index === 0 ? [] : ['']), ...fileLines(file, style)]),
    ...(between.length === 0 ? [] : ['', ...between]),
  ];
}

type Row = readonly [string, string];

function fileLines(file: InspectedFile, style: Style): string[] {
  const { certificates, chain, kind, keys, csrs, publicKeys } = file;
  const isList =
    kind === 'trust-store' || kind === 'certificates' || (kind === 'key-store' && keys.length > 1);
  const at = chain?.order[0] ?? 0;
  const main = isList ? undefined : certificates[at];
  const rows: Row[] = [
    ...(main === undefined ? [] : certificateRows(main)),
    ...csrs.flatMap(csrRows),
    ...file.crls.flatMap((it) => (main === undefined ? crlRows(it) : [crlRow(it)])),
    ...keys
      .filter(
        ({ certificate }) =>
          certificate === undefined || main === undefined || kind === 'key-store',
      )
      .filter(() => !isList)
      .map(({ type, encrypted, hasOwnPassword, certificate }): Row => {
        const lockedText = `encrypted, needs ${hasOwnPassword === true ? 'a password of its own' : 'its password'}`;
        const whose = certificate === undefined ? '' : ', belongs to the certificate';
        return ['private key', `${encrypted ? lockedText : keyText(type)}${whose}`];
      }),
    ...(main !== undefined &&
    kind === 'key-and-certificate' &&
    keys.some(({ certificate }) => certificate !== undefined)
      ? [['private key', 'in the file, belongs to the certificate'] as const]
      : []),
    ...publicKeys.map(({ type }): Row => ['public key', keyText(type)]),
    ...(main === undefined ? [...keys, ...publicKeys] : []).flatMap(({ sha256 }) =>
      sha256 === undefined || isList ? [] : [['key id', sha256] as const],
    ),
    ...protectionText(file).map((text): Row => ['protection', text]),
    ...(file.trailing === 0 ? [] : [['note', trailingText(file.trailing, file.format)] as const]),
  ];
  return [
    `${shown(file.file)}: ${fileText(file)}`,
    ...(rows.length === 0 ? [] : ['', ...table(rows, style, WRAPPED)]),
    ...(isList ? ['', ...storeLines(file, style)] : []),
    ...(chain === undefined || isList ? [] : chainLines(file, style)),
    ...foreignLines(file),
    '',
    ...problemLines(file, style),
  ];
}

const WRAPPED = [
  ...['names', 'for', 'can certify', 'subject', 'issuer', 'protection', 'note', 'asks for'],
  ...['common name', 'CRL'],
];

/** Names of a certificate that are shown; `--json` has all. */
const MAX_NAMES = 24;

function certificateRows(certificate: InspectedCertificate): Row[] {
  const { names, commonName, constraints, key, signature, devcert } = certificate;
  const isSelf = certificate.isSelfSigned ? 'itself' : shown(certificate.issuer);
  const by = devcert?.as === 'leaf' ? ownText(devcert.authority) : isSelf;
  return [
    ...nameRows(names),
    ...(names.length === 0 && commonName !== undefined
      ? [['common name', shown(commonName)] as const]
      : []),
    ['valid', datesText(certificate)],
    ['for', usageText(certificate)],
    ...(constraints === undefined
      ? []
      : constraintListsText(constraints).map((text): Row => ['can certify', text])),
    ['issued by', by],
    ...(devcert === undefined || devcert.as === 'leaf'
      ? []
      : [['it is', `the ${devcert.as} of ${ownText(devcert.authority)}`] as const]),
    ['subject', shown(certificate.subject) || 'empty'],
    ['key', keyText(key.type)],
    ['signature', signatureText(signature)],
    ['serial', certificate.serial],
    ['SHA-256', certificate.sha256],
    ['SHA-1', certificate.sha1],
  ];
}

function ownText(authority: string): string {
  return authority === 'default'
    ? "this machine's devcert CA"
    : `this machine's devcert CA "${shown(authority)}"`;
}

function nameRows(names: InspectedCertificate['names']): Row[] {
  if (names.length === 0) return [];
  const listed = names.slice(0, MAX_NAMES).map(nameText).join(', ');
  const more = names.length - MAX_NAMES;
  return [['names', more > 0 ? `${listed} and ${more} more (--json lists all)` : listed]];
}

function csrRows(csr: InspectedCsr): Row[] {
  return [
    ...nameRows(csr.names),
    ['subject', shown(csr.subject) || 'empty'],
    ['key', keyText(csr.key.type)],
    ['signature', signatureText(csr.signature) + (csr.isSignatureValid ? ', by its own key' : '')],
    ...csr.dropped.map((text, index): Row => [index === 0 ? 'not granted' : '', shown(text)]),
    ...(csr.key.sha256 === undefined ? [] : [['key id', csr.key.sha256] as const]),
  ];
}

/** One beside a certificate. */
function crlRow({ issuer, thisUpdate, revoked }: CrlDetails): Row {
  return ['CRL', `of ${shown(issuer)}, ${dateText(thisUpdate)}, revokes ${revoked}`];
}

function crlRows(crl: CrlDetails): Row[] {
  const { issuer, thisUpdate, nextUpdate, revoked, number, signature } = crl;
  return [
    ['revokes', counted(revoked, 'certificate')],
    ['issued by', shown(issuer) || 'nobody'],
    ['of', dateText(thisUpdate)],
    ['next one', nextUpdate === undefined ? 'not announced' : dateText(nextUpdate)],
    ...(number === undefined ? [] : [['number', shown(number, 60)] as const]),
    ['signature', signatureText(signature)],
  ];
}

/** More kinds of other things than these are counted. */
const MAX_FOREIGN = 8;

function foreignLines({ others, kind }: InspectedFile): string[] {
  const texts = [...new Set(others.map(foreignText))];
  if (texts.length === 0) return [];
  const more = texts.length - MAX_FOREIGN;
  const head = kind === 'other' ? '  It holds' : '  Passed over';
  return [
    '',
    head,
    ...texts.slice(0, MAX_FOREIGN).flatMap((it) => wrap(it, 75).map((line) => `    ${line}`)),
    ...(more > 0 ? [`    and ${more} more`] : []),
  ];
}

const TITLE_WIDTH = 36;

/** The certificates above the leaf, one line each. */
function chainLines({ certificates, chain }: InspectedFile, style: Style): string[] {
  const above = (chain?.order.slice(1) ?? []).flatMap((place) => certificates[place] ?? []);
  const others = certificates.length - above.length - 1;
  if (above.length === 0 && others === 0) return [];
  const width = Math.max(...above.map((it) => shown(titleOf(it), TITLE_WIDTH).length));
  return [
    '',
    '  above it in the file',
    ...above.map((it) => {
      const left = leftText(it.daysLeft);
      return `    ${shown(titleOf(it), TITLE_WIDTH).padEnd(width)}  until ${dateText(it.notAfter)}, ${(it.daysLeft ?? 0) < 0 ? style.bad(left) : left}`;
    }),
    ...(chain?.issuer === undefined || above.length === 0
      ? []
      : wrap(`issued by ${shown(chain.issuer)}, which is not in the file`, 75).map(
          (it) => `    ${style.dim(it)}`,
        )),
    ...(others > 0
      ? [`    and ${others} that ${others === 1 ? 'has' : 'have'} no part in it`]
      : []),
  ];
}
