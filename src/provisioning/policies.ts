/** The rules of one connector, from its spec. */
export interface Policies {
  /** For declared grants. */
  readonly mode: 'Plan' | 'Apply';
  readonly suspended: boolean;
  readonly scimEnabled: boolean;
  readonly allowDeprovision: boolean;
  readonly protectedUsers: readonly string[];
  readonly protectAdmins: boolean;
  /** Null: no limit. */
  readonly maxEnterpriseLicenses: number | null;
  /** A gid. */
  readonly defaultWorkspace: string | null;
  /** The longest a grant may last, milliseconds; null: for ever. */
  readonly maxDurationMs: number | null;
}
