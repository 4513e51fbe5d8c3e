import type { AuditLine } from '../../provisioning/audit.ts';

/** What a task of ConductorOne did, or was refused, about a person. */
export interface TaskAbout {
  /** RFC 3339. */
  readonly time: string;
  /** ConductorOne's id of the task. */
  readonly task: string;
  /** `namespace/name`. */
  readonly connector: string;
  readonly action: string;
  /** gid of the team or workspace; null where it is the organization. */
  readonly place: string | null;
  readonly before: string | null;
  readonly after: string | null;
  readonly result: string;
}

/**
 * The tasks about a person, the newest first: each action once, as it was told of last.
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
