/** The rules of one connector, from its spec. */
export interface Policies {
  /** Applies to declared grants only. */
  readonly mode: 'Plan' | 'Apply';
  readonly suspended: boolean;
  readonly scimEnabled: boolean;
  readonly allowDeprovision: boolean;
  readonly protectedUsers: readonly string[];
  readonly protectAdmins: boolean;
  /** `null` for no limit. */
  readonly maxEnterpriseLicenses: number | null;
  /** A gid; `null` if none is set. */
  readonly defaultWorkspace: string | null;
  /** How long a grant may last at most, milliseconds; `null` for no limit. */
  readonly maxDurationMs: number | null;
}
