/** Several files at once: what each tells, and what they have to do with each other. Pure. */
import { naming } from '../errors.ts';
import { errorsFirst } from '../x509/finding.ts';
import { isIssuedBy } from '../x509/judge.ts';
import type { Told } from './chain.ts';
import { type InspectSurroundings, readFile } from './file.ts';
import type { InspectInput } from './open.ts';
import { error, roleOf } from './problems.ts';
import type { InspectedFile, Relation } from './types.ts';

/** @throws DevcertError as `inspectFile`, for the first file that cannot be read. */
export function inspectFiles(
  inputs: readonly InspectInput[],
  around: InspectSurroundings,
): { files: InspectedFile[]; relations: Relation[] } {
  const read = inputs.map((input) =>
    inputs.length === 1
      ? readFile(input, around)
      : naming(input.file, () => readFile(input, around)),
  );
  const files = read.map(({ file }) => file);
  const relations = [...keyRelations(files), ...csrRelations(files), ...issuerRelations(read)];
  return { files: files.map((file) => withMismatch(file, relations)), relations };
}

/** Keys whose certificate is not in their own file, and the certificates of the others. */
function keyRelations(files: readonly InspectedFile[]): Relation[] {
  return files.flatMap((file) =>
    file.keys
      .filter(({ certificate, encrypted }) => certificate === undefined && !encrypted)
      .flatMap(({ sha256 }): Relation[] => {
        const others = files.filter((other) => other !== file && other.certificates.length > 0);
        const owner = others.find((other) =>
          other.certificates.some(({ key }) => sha256 !== undefined && key.sha256 === sha256),
        );
        if (owner !== undefined) return [{ kind: 'key-of', file: file.file, other: owner.file }];
        // A file of authorities beside it was given for another reason than this key.
        const withLeaf = others.find(({ certificates }) =>
          certificates.some((it) => roleOf(it) === 'leaf'),
        );
        const meant = withLeaf ?? (others.length === 1 ? others[0] : undefined);
        return meant === undefined
          ? []
          : [{ kind: 'not-key-of', file: file.file, other: meant.file }];
      }),
  );
}

function csrRelations(files: readonly InspectedFile[]): Relation[] {
  return files.flatMap((file) =>
    file.csrs.flatMap(({ key }) =>
      files
        .filter((other) => other !== file && key.sha256 !== undefined)
        .filter(({ keys, certificates }) =>
          [...keys, ...certificates.map((it) => it.key)].some((it) => it.sha256 === key.sha256),
        )
        .map((other): Relation => ({ kind: 'csr-of', file: file.file, other: other.file })),
    ),
  );
}

interface Read {
  readonly file: InspectedFile;
  readonly certificates: readonly Told[];
}

/** Chains whose end was signed by a certificate of another file. */
function issuerRelations(read: readonly Read[]): Relation[] {
  return read.flatMap(({ file, certificates }) => {
    const last = certificates[file.chain?.order.at(-1) ?? 0];
    if (last === undefined || last.details.isSelfSigned || file.kind === 'trust-store') return [];
    const other = read.find(
      (it) =>
        it.file !== file &&
        it.certificates.some(
          ({ details, x509 }) => details.isAuthority && isIssuedBy(last.x509, x509),
        ),
    );
    return other === undefined
      ? []
      : [{ kind: 'signed-by', file: file.file, other: other.file.file }];
  });
}

function withMismatch(file: InspectedFile, relations: readonly Relation[]): InspectedFile {
  const mismatch = relations.find((it) => it.kind === 'not-key-of' && it.file === file.file);
  if (mismatch === undefined || file.problems.some(({ code }) => code === 'key-mismatch'))
    return file;
  const problem = error(
    'key-mismatch',
    `the key does not belong to "${mismatch.other}"`,
    'find the right key, or issue the certificate again: no server starts with these two',
  );
  return { ...file, problems: errorsFirst([problem, ...file.problems]) };
}
