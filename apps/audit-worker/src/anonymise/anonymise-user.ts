import { endGroupMemberships, raiseDirectMemberships } from '@muster/chat-changes'
import { deleteFiles } from '@muster/jobs/definitions'
import type { Transact, TransactContext } from '@muster/jobs/outbox'
import { avatarKeys, everyKeyOf } from '@muster/storage'
import type { Deps } from '../deps.ts'
import { erasePersonal } from './audit-trail.queries.ts'
import { removeReactions } from './chats.ts'
import * as organizations from './organizations.queries.ts'
import * as users from './users.queries.ts'

export type AnonymiseRun = {
  transact: Transact
  signal: AbortSignal
  /** Only users who requested their deletion at this moment or earlier are anonymised. */
  before: Date
}

const tasksPerTransaction = 100
const keysPerJob = 300

/**
 * Anonymises one user. The first transaction removes the name and all credentials and ends the memberships of groups; from then on
 * the user cannot sign in to cancel the deletion. Messages stay, by a "Former member". Then the user's rows are deleted in transactions of limited size, and the last transaction
 * marks the user as anonymised. Each step repeats safely, so that the next run continues after a crash.
 * @returns false when the user cancelled the deletion, or an earlier run has anonymised them
 */
export async function anonymiseUser(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  userId: string,
  { transact, signal, before }: AnonymiseRun,
): Promise<boolean> {
  const user = await transact((tx) => removeIdentity(tx, userId, before, clock.now()))
  if (!user) return false
  await users.deleteOwnRows(db, userId, signal)
  await removeReactions(db, transact, userId, signal)
  await deleteOrphanedTasks(transact, user, signal)
  await erasePersonal(db, userId, signal)
  return transact((tx) => complete(tx, user, clock.now()))
}

async function removeIdentity(
  tx: TransactContext,
  userId: string,
  before: Date,
  now: Date,
): Promise<users.LeavingUser | undefined> {
  const { trx, enqueue, audit, signal } = tx
  const user = await users.lockDue(trx, userId, before)
  if (!user || users.hasNoIdentity(user)) return user
  await users.eraseMails(trx, user)
  for (const { id, inviterId } of await users.eraseInvites(trx, user, now))
    signal({ room: `user:${inviterId}`, event: 'invite', id })
  const upload = user.avatar_upload_id ? Object.values(avatarKeys(userId, user.avatar_upload_id)) : []
  const keys = [...(user.avatar_key ? [user.avatar_key] : []), ...upload]
  if (keys.length > 0) enqueue(deleteFiles, { keys })
  await users.eraseIdentity(trx, userId, now)
  await endGroupMemberships(tx, userId, { action: 'chat.member_left', actorId: null, now })
  await raiseDirectMemberships(tx, userId)
  // Recorded before the personal parts of audit events are erased: without this event, missing parts count as tampering.
  audit({ action: 'user.anonymisation_began', actorId: null, targetType: 'user', targetId: userId })
  return user
}

/**
 * Deletes the tasks that no other user can see: all tasks of an organization whose last member leaves, and the tasks of a user
 * without an organization. Tasks of an organization with other members stay.
 */
async function deleteOrphanedTasks(
  transact: Transact,
  { id, organization_id }: users.LeavingUser,
  signal: AbortSignal,
): Promise<void> {
  for (let count = tasksPerTransaction; count === tasksPerTransaction; ) {
    signal.throwIfAborted()
    count = await transact(async ({ trx, enqueue }) => {
      if (organization_id !== null) {
        if (!(await organizations.lockWhenAlone(trx, organization_id, id))) return 0
        await organizations.moveTasksToOwners(trx, organization_id, id)
      }
      const of = organization_id === null ? { ownerId: id } : { organizationId: organization_id }
      const deleted = await organizations.deleteTasks(trx, of, tasksPerTransaction)
      const keys = deleted.files.flatMap(everyKeyOf)
      for (let from = 0; from < keys.length; from += keysPerJob) {
        enqueue(deleteFiles, { keys: keys.slice(from, from + keysPerJob) })
      }
      return deleted.count
    })
  }
}

async function complete(
  { trx, audit }: TransactContext,
  { id, organization_id }: users.LeavingUser,
  now: Date,
): Promise<boolean> {
  const isAlone = organization_id !== null && (await organizations.lockWhenAlone(trx, organization_id, id))
  if (!(await users.setAnonymised(trx, id, now))) return false
  if (isAlone) await organizations.deleteOrganization(trx, organization_id)
  audit({ action: 'user.anonymised', actorId: null, targetType: 'user', targetId: id })
  return true
}
