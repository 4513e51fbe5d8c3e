import type { Subject } from '../directory/reader.ts';
import type { Account } from '../directory/snapshot.ts';
import type { Declaration } from './declarations.ts';
import type { Policies } from './policies.ts';
import { organizationOf, type Reading } from './reading.ts';
import type { Right } from './right.ts';
import { type RightCase, refused, type Step } from './right-rules.ts';
import { placeOfRight, resolveWish, rightRulesOf } from './rights.ts';
import type { TaskRequest } from './task-request.ts';

/** What the decision about a task may look at: the connector's policies, and what is known of Asana now. */
export interface TaskView {
  readonly policies: Policies;
  /** `null` before the first reading. */
  readonly reading: Reading | null;
  /**
   * Returns what live grants of connectors that act declare for a person.
   * @param account `null` if there is none (yet): the email then identifies the person
   */
  declaredFor(account: Account | null, email: string | null): readonly Declaration[];
}

/** Decides one ConductorOne task: what to do in Asana, that nothing is to be done, or why it is refused. */
export function decideTask(request: TaskRequest, view: TaskView): Step {
  const { policies, reading } = view;
  if (policies.suspended)
    return refused('Suspended', 'The connector is suspended: nothing is done until it is resumed.');
  if (!reading)
    return refused('NotReady', 'The connector has not read the directory yet: see its conditions.');
  const wished = resolveWish(request.wish, reading, policies);
  if ('refusal' in wished) return wished.refusal;
  const account = findTaskAccount(request, reading);
  const wanted = 'gid' in request.user ? { email: null, name: null } : request.user;
  const subject: RightCase = {
    right: wished.right,
    account,
    wanted,
    aliases: wanted.email === null ? [] : [wanted.email],
    mayCreate: false,
    asker: 'Task',
    policies,
    reading,
    organization: organizationOf(reading),
    declared: view.declaredFor(account, wanted.email),
  };
  const rules = rightRulesOf(wished.right);
  return request.want === 'Give' ? rules.give(subject) : rules.take(subject);
}

/** Returns the account that a task is about, as the directory knows it; `null` if there is none. */
export function findTaskAccount({ user }: TaskRequest, reading: Reading): Account | null {
  const found = 'gid' in user ? reading.account(user.gid) : reading.accountByEmail(user.email);
  return found ?? null;
}

/**
 * Returns the person that a request is about, for a look at Asana before it is answered without a change; `null` if
 * what it names cannot be looked up.
 */
export function subjectOfTask(request: TaskRequest, { policies, reading }: TaskView): Subject | null {
  if (!reading || policies.suspended) return null;
  const wished = resolveWish(request.wish, reading, policies);
  if ('refusal' in wished) return null;
  const { user } = request;
  return subjectOfRight(wished.right, reading, {
    gid: 'gid' in user ? user.gid : null,
    email: 'gid' in user ? null : user.email,
  });
}

/** Returns where to look for a person's right; `null` if its place is not known. */
export function subjectOfRight(
  right: Right,
  reading: Reading,
  person: { readonly gid: string | null; readonly email: string | null },
): Subject | null {
  if (right.type === 'License') return person;
  const workspace = placeOfRight(right, reading);
  const known = reading.snapshot.workspaces.some(({ gid }) => gid === workspace);
  if (workspace === null || !known) return null;
  return right.type === 'Team' ? { ...person, workspace, team: right.team } : { ...person, workspace };
}
