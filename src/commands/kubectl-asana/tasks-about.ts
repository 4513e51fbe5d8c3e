import type { AuditLine } from '../../provisioning/audit.ts';

/** An action of a ConductorOne task on a person: what it changed, or why it did not. */
export interface TaskAbout {
  /** RFC 3339. */
  readonly time: string;
  /** ConductorOne's id of the task. */
  readonly task: string;
  /** `namespace/name`. */
  readonly connector: string;
  readonly action: string;
  /** Gid of the team or workspace; `null` for the organization. */
  readonly place: string | null;
  readonly before: string | null;
  readonly after: string | null;
  readonly result: string;
}

/**
 * Returns the task actions on a person, newest first. Each action appears once, as its last audit line records it.
 * @param isMeant whether an email or a gid is the person's
 */
export function tasksAbout(lines: readonly AuditLine[], isMeant: (name: string) => boolean): TaskAbout[] {
  const found = new Map<string, TaskAbout>();
  for (const line of lines.toSorted((a, b) => (a.time < b.time ? -1 : 1))) {
    const { requester, account, id, time, connector, action, place, before, after, result } = line;
    if (requester.type !== 'Task') continue;
    if (![account.gid, account.email].some((name) => name !== null && isMeant(name))) continue;
    found.set(id ?? time, {
      time,
      task: requester.taskId,
      connector: `${connector.namespace}/${connector.name}`,
      action,
      place,
      before,
      after,
      result,
    });
  }
  return [...found.values()].toSorted((a, b) => (a.time > b.time ? -1 : 1));
}
