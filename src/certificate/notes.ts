/** What people should know of a certificate that is issued all the same. Pure. */
import { commonNameNotes } from '../names/common-name.ts';
import type { Constraints } from '../names/constraints.ts';
import { nameNotes } from '../names/names.ts';
import type { LeafRequest } from '../names/request.ts';

/** None or more lines without full stop on the names of a request and who refuses them. */
export function certificateNotes(
  request: LeafRequest,
  constraints: Constraints | undefined,
): string[] {
  const { names } = request;
  const notes = names.flatMap((name) => nameNotes(name));
  if (constraints !== undefined && names.some(({ type }) => type === 'ip'))
    notes.push(
      'Bun, gRPC and others on BoringSSL refuse a certificate that lists an IP address: for them leave it out',
    );
  if (!request.usages.includes('serverAuth') && names.some(({ type }) => type === 'dns'))
    notes.push(
      'clients that ignore the usages (wget) take it for a certificate of the server of that name, too',
    );
  return [...notes, ...commonNameNotes(constraints, request)];
}
