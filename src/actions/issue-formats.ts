/** `devcert NAMES… --format`: what is issued is exported in the same run. */
import type { OutputPaths } from '../certificate/output.ts';
import type { Context } from './context.ts';
import { exportCertificate, type ExportResult } from './export.ts';
import { parseExport } from './export-request.ts';
import type { IssueOptions } from './issue.ts';

/**
 * Checks at once what was asked for, before anything is issued.
 *
 * @returns what writes the exports, to be called once the certificate is there.
 * @throws DevcertError `usage`.
 */
export function exporter(
  context: Context,
  options: IssueOptions,
  { certFile, keyFile }: OutputPaths,
  ask: ((what: string) => Promise<string>) | undefined,
): () => Promise<ExportResult[]> {
  const { format = [], legacy, alias, password, force } = options;
  const formats = [...new Set(typeof format === 'string' ? [format] : format)];
  const wanted = formats.map((format) => ({
    format,
    certFile,
    keyFile,
    ...(alias === undefined ? {} : { alias }),
    ...(legacy === true && isPkcs12(format) ? { legacy } : {}),
    ...(force === true ? { force } : {}),
  }));
  const needing = wanted.map((options) => parseExport(options, context.cwd).needsPassword);
  return async () => {
    const results: ExportResult[] = [];
    for (const [i, options] of wanted.entries())
      results.push(
        await exportCertificate(
          context,
          needing[i] === true && password !== undefined ? { ...options, password } : options,
          ask,
        ),
      );
    return results;
  };
}

function isPkcs12(format: string): boolean {
  return /^(?:p12|pfx|pkcs12)$/i.test(format.trim());
}
