import { DomainError } from '@muster/errors'
import type { Deps } from '../../deps.ts'
import { findUser, type UserRow } from '../accounts/accounts.service.ts'
import { readLocks } from '../lockout/lockout.service.ts'
import { listSessionsOf } from '../sessions/sessions.service.ts'
import { getFactorsOf } from '../two-factor/two-factor.service.ts'
import { findSuppression, type SuppressionRow } from './admin-emails.queries.ts'
import { requirePresent } from './admin-users.service.ts'
import { assertCanChangeRole, assertCanManage } from './assert-can-manage.ts'
import { assertGetsLink } from './password-link.service.ts'
import { assertPermission, auditActor, type Principal } from './principal.ts'
import { type Counts, countAffected } from './user-consequences.queries.ts'
import type { Consequences, ConsequencesQuery, UserAction, UserFactors, UserSessions } from './user-details.schema.ts'

type DetailDeps = Pick<Deps, 'db' | 'transact' | 'clock' | 'config'>

/** How many sessions that have ended are shown. */
const endedShown = 20

/** Reads the sessions of a user and audits it. @throws DomainError NOT_FOUND, FORBIDDEN */
export async function readSessions(deps: DetailDeps, principal: Principal, userId: string): Promise<UserSessions> {
  await findAudited(deps, principal, userId, 'admin.user_sessions_read')
  return listSessionsOf(deps, userId, { limit: endedShown })
}

/** Reads the second factor of a user and the locks of the account, and audits it. @throws DomainError NOT_FOUND, FORBIDDEN */
export async function readFactors(deps: DetailDeps, principal: Principal, userId: string): Promise<UserFactors> {
  const user = await findAudited(deps, principal, userId, 'admin.user_factors_read')
  const [{ appSince, ...factors }, locks] = await Promise.all([getFactorsOf(deps, user), readLocks(deps, user)])
  return {
    ...factors,
    appSince: appSince?.toISOString() ?? null,
    passwordLockedUntil: locks.password?.toISOString() ?? null,
    codeLockedUntil: locks.code?.toISOString() ?? null,
  }
}

/**
 * Counts what an action would do to a user, and tells whether it would be refused to the principal. Changes nothing, and is audited as a
 * read of the user. The action itself decides under its locks: the counts can differ by what happens in between.
 * @throws DomainError NOT_FOUND, FORBIDDEN for a principal who may not read users
 */
export async function readConsequences(
  deps: DetailDeps,
  principal: Principal,
  userId: string,
  query: ConsequencesQuery,
): Promise<Consequences> {
  const user = await findAudited(deps, principal, userId, 'admin.user_read')
  const [counts, suppression] = await Promise.all([
    countAffected(deps.db, user, deps.clock.now()),
    findSuppression(deps.db, user.email),
  ])
  return {
    action: query.action,
    changesNothing: isDone(user, query),
    refusal: refusalOf(() => assertAllowed(principal, { user, counts, suppression }, query)),
    ...effects[query.action]({ user, counts }, query),
  }
}

type Affected = { user: UserRow; counts: Counts }
type Reachable = Affected & { suppression: SuppressionRow | undefined }
type Effects = Omit<Consequences, 'action' | 'changesNothing' | 'refusal'>

const none: Effects = {
  canUndo: true,
  sessions: 0,
  reminders: 0,
  queuedMails: 0,
  invitations: 0,
  openTasks: 0,
  movedTasks: 0,
  leftGroups: 0,
  membersWithoutAdmin: 0,
}

const effects: Record<UserAction, (affected: Affected, query: ConsequencesQuery) => Effects> = {
  deactivate: ({ user, counts: { sessions, reminders, queuedMails, invitations, openTasks, ...counts } }) => ({
    ...none,
    sessions,
    reminders,
    queuedMails,
    invitations,
    openTasks,
    membersWithoutAdmin: isOnlyAdmin(user, counts) ? counts.otherMembers : 0,
  }),
  reactivate: ({ counts: { reminders, invitations, openTasks } }) => ({ ...none, reminders, invitations, openTasks }),
  revokeSessions: ({ counts: { sessions } }) => ({ ...none, canUndo: false, sessions }),
  sendPasswordLink: () => ({ ...none, canUndo: false }),
  changeRole({ user, counts }, { role }) {
    const isMoving = (user.organization_id !== null) !== (role === 'client_admin' || role === 'client_user')
    return {
      ...none,
      // A platform role leaves the organization for good: another change of the role creates a new one.
      canUndo: !isMoving,
      invitations: counts.invitations,
      movedTasks: isMoving ? counts.movingTasks : 0,
      leftGroups: isMoving ? counts.groups : 0,
    }
  },
}

const isOnlyAdmin = ({ role }: UserRow, { otherAdmins }: Pick<Counts, 'otherAdmins'>) =>
  role === 'client_admin' && otherAdmins === 0

function isDone(user: UserRow, { action, role }: ConsequencesQuery): boolean {
  if (action === 'deactivate') return !user.is_active && user.deactivated_by === 'platform'
  return action === 'reactivate' ? user.is_active : user.role === role
}

/** Asserts what the action itself asserts. @throws DomainError */
function assertAllowed(
  principal: Principal,
  { user, counts, suppression }: Reachable,
  { action, role }: ConsequencesQuery,
): void {
  if (action !== 'changeRole' || role === undefined || role === user.role) {
    assertCanManage(principal, user)
    if (action === 'sendPasswordLink') assertGetsLink(user, suppression)
    return
  }
  assertCanChangeRole(principal, user, role)
  if (isOnlyAdmin(user, counts) && counts.otherMembers > 0) throw new DomainError('LAST_ADMIN')
  if (role === 'client_user' && user.organization_id === null) throw new DomainError('CONFLICT')
}

function refusalOf(assertion: () => void): Consequences['refusal'] {
  try {
    assertion()
    return null
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    return { code: error.code, message: error.message }
  }
}

async function findAudited(
  { db, transact }: DetailDeps,
  principal: Principal,
  userId: string,
  action: string,
): Promise<UserRow> {
  assertPermission(principal, 'user.read')
  const user = requirePresent(await findUser(db, userId))
  await transact(async ({ audit }) => audit({ action, targetType: 'user', targetId: userId, ...auditActor(principal) }))
  return user
}
