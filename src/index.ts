/** devcert as a library: what the command does, as functions, and certificates in memory. */
export * from './api/ca.ts';
export * from './api/certificates.ts';
export * from './api/doctor.ts';
export * from './api/ensure.ts';
export * from './api/hosts.ts';
export * from './api/ledger.ts';
export * from './api/mtls.ts';
export * from './api/project.ts';
export * from './api/servers.ts';
export * from './api/stores.ts';
export * from './api/verify.ts';
export { DevcertError, type ErrorCode } from './errors.ts';

export type { Listener, PasswordKind } from './api/composition.ts';
export type { Keeping } from './authority/keeping.ts';
export type { AuthoritySummary } from './authority/summary.ts';
export type { ExportAuthorityOptions, ExportedAuthority } from './commands/ca-export.ts';
export type { RemovedAuthority } from './commands/ca-remove.ts';
export type {
  CreateOptions,
  ImportAuthorityOptions,
  ImportSource,
  NamedOptions,
  ReplaceOptions,
} from './commands/ca.ts';
export type { ServerCertificate } from './commands/certificate.ts';
export type { AuthorityOption, DryRunOption, MadeAuthority, Orphan } from './commands/context.ts';
export type { CsrOptions, CsrResult } from './commands/csr.ts';
export type { ConfirmInstall, Ensured, EnsureOptions, InstallWish } from './commands/ensure.ts';
export type { EnvironmentOptions, EnvironmentResult } from './commands/environment.ts';
export type { ExportedFile, ExportOptions, ExportResult } from './commands/export.ts';
export type { InitOptions, InitResult } from './commands/init.ts';
export type { InspectOptions, InspectResult, InspectSource } from './commands/inspect.ts';
export type { HostsOptions, HostsResult } from './commands/hosts.ts';
export type { InstallOptions, InstallResult } from './commands/install.ts';
export type { IssueOptions, IssueResult } from './commands/issue.ts';
export type { AgentChoice, Protection } from './commands/keeper.ts';
export type {
  CertificateState,
  ListedBroken,
  ListedCertificate,
  ListResult,
} from './commands/list.ts';
export type { MtlsCheckOptions, MtlsCheckResult, MtlsLine } from './commands/mtls-check.ts';
export type { MtlsRotateOptions, MtlsRotateResult } from './commands/mtls-rotate.ts';
export type { MtlsOptions, MtlsResult } from './commands/mtls.ts';
export type { ProtectOptions } from './commands/protect.ts';
export type { RecipeOptions, RecipeResult, RecipeSummary } from './commands/recipe.ts';
export type { RenewDueOptions, RenewDueResult } from './commands/renew-due.ts';
export type { Renewed } from './commands/renew.ts';
export type { AuthorityResult, ReplaceResult } from './commands/replace.ts';
export type { ServedOld } from './commands/served.ts';
export type { SignOptions, SignResult } from './commands/sign.ts';
export type { SniCallback, SniOptions } from './commands/sni.ts';
export type { ProjectCertificate, StatusOptions, StatusResult } from './commands/status.ts';
export type { Trust } from './commands/trust-here.ts';
export type { UninstallOptions, UninstallResult } from './commands/uninstall.ts';
export type { VerifyOptions } from './commands/verify.ts';
export type { LoadedPair, WatchedServer, Watcher, WatchOptions } from './commands/watch.ts';
export type { CheckOptions, CheckResult } from './doctor/check.ts';
export type { DoctorResult } from './doctor/doctor.ts';
export type { Finding } from './doctor/finding.ts';
export type * from './inspect/types.ts';
export type { KeyType } from './keys.ts';
export type { MtlsClient, MtlsSet } from './mtls/set.ts';
export type { WrittenParty } from './mtls/write.ts';
export type { Constraints } from './names/constraints.ts';
export type { LeafOptions } from './names/request.ts';
export type { Outcome, StoreReport } from './trust.ts';
export type * from './verify/types.ts';
