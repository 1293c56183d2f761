/** What is wrong with the certificate of the project in the current folder. */
import type { Text } from '../errors.ts';
import { certificateIn } from '../authority/certificates.ts';
import { outputPaths, readExisting } from '../certificate/output.ts';
import { isKeyOf, lifetimeDays } from '../certificate/reusable.ts';
import type { Context } from '../commands/context.ts';
import { projectCertificate, type ProjectCertificate } from '../commands/status.ts';
import { parseNames } from '../names/names.ts';
import { dueDays } from '../policy.ts';
import { readProjectFile } from '../project/file.ts';
import { finding, type Finding, type Weight } from './finding.ts';

export interface ExaminedProject {
  /** Those of the project file, else of the certificate; none without either. */
  readonly names: readonly string[];
  /** Undefined if there is none. */
  readonly certificate: ProjectCertificate | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Looks at files alone.
 *
 * @param required that there is no certificate is wrong, too.
 * @throws DevcertError `invalid-input` for a bad project file, `invalid-name`, `file`.
 */
export function examineProject(context: Context, required: boolean): ExaminedProject {
  const file = readProjectFile(context.cwd);
  const wanted = parseNames(file?.names ?? []).map(({ value }) => value);
  const certificate = projectCertificate(context);
  if (certificate === undefined) {
    const { certFile } = outputPaths({}, context.cwd);
    const { certText } = readExisting({ certFile });
    if (certText !== undefined)
      return { names: wanted, certificate, findings: [noCertificate(certFile, wanted)] };
    const findings = required || file !== undefined ? [none(context, file !== undefined)] : [];
    return { names: wanted, certificate, findings };
  }
  const names = wanted.length > 0 ? wanted : certificate.names;
  return { names, certificate, findings: faults(context, certificate, wanted) };
}

function noCertificate(certFile: string, wanted: readonly string[]): Finding {
  return finding('project', 'other', `"${certFile}" is not a certificate`, {
    ...{ command: 'issue', names: wanted.length > 0 ? [] : 'localhost' },
    force: true,
  });
}

const again = { command: 'issue', names: [] } as const;

function none({ cwd }: Context, hasFile: boolean): Finding {
  const { certFile } = outputPaths({}, cwd);
  const cure = hasFile ? again : { command: 'issue' as const, names: 'localhost' };
  return finding('project', 'other', `there is no certificate in "${certFile}"`, cure);
}

function faults(
  { cwd, host }: Context,
  { certFile, names, notAfter, daysLeft, ca }: ProjectCertificate,
  wanted: readonly string[],
): Finding[] {
  const found: Finding[] = [];
  const now = host.now();
  const paths = outputPaths({}, cwd);
  const certificate = certificateIn(certFile);
  const { key, keyText } = readExisting(paths);
  if (certificate === undefined) return found; // it went while it was looked at
  const add = (weight: Weight, problem: string, cure: Text) =>
    void found.push(finding('project', weight, problem, cure));
  const anew = { ...again, force: true };
  if (key === undefined || !isKeyOf(certificate, key))
    // What is there instead is not devcert's to replace.
    add(
      'other',
      `"${paths.keyFile}" is not the key of the certificate`,
      keyText === undefined ? again : anew,
    );
  if (ca === undefined) add('trust', `no CA of yours issued "${certFile}"`, anew);
  const missing = wanted.filter((name) => !names.includes(name));
  if (missing.length > 0) add('other', `the certificate lacks ${missing.join(', ')}`, again);
  const end = notAfter.toUTCString();
  if (now > notAfter) add('expiry', `the certificate expired on ${end}`, again);
  else if (daysLeft < dueDays(lifetimeDays(certificate)))
    add('expiry', `the certificate expires on ${end}`, again);
  const from = new Date(certificate.validFrom);
  if (now < from) {
    const what = `the certificate is valid from ${from.toUTCString()} on, and this machine's clock says ${now.toUTCString()}`;
    found.push(finding('clock', 'other', what, 'set the clock of this machine'));
  }
  return found;
}
