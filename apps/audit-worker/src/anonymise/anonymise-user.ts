import { deleteFiles } from '@muster/jobs/definitions'
import type { Transact, TransactContext } from '@muster/jobs/outbox'
import { avatarKeys, everyKeyOf } from '@muster/storage'
import type { Deps } from '../deps.ts'
import { erasePersonal } from './audit-trail.queries.ts'
import * as organizations from './organizations.queries.ts'
import * as people from './users.queries.ts'

type Work = { transact: Transact; signal: AbortSignal; before: Date }

const tasksPerTransaction = 100
const keysPerJob = 300

/**
 * Makes one person anonymous. First, in one transaction, their name and every way in: from there on nobody comes back.
 * Then the rest in portions of bounded size, and last the mark that it is done. Each step does only what is left to do,
 * so that a run that was killed anywhere is continued by the next.
 * @returns false when the person came back in the meantime, or an earlier run was done
 */
export async function anonymisePerson(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  userId: string,
  { transact, signal, before }: Work,
): Promise<boolean> {
  const person = await transact((tx) => takeIdentity(tx, userId, before, clock.now()))
  if (!person) return false
  await people.deleteOwnRows(db, userId, signal)
  await deleteTasksLeftAlone(transact, person, signal)
  await erasePersonal(db, userId, signal)
  return transact((tx) => finish(tx, person, clock.now()))
}

async function takeIdentity(
  { trx, enqueue, audit }: TransactContext,
  userId: string,
  before: Date,
  now: Date,
): Promise<people.LeavingPerson | undefined> {
  const person = await people.lockDue(trx, userId, before)
  if (!person || people.isNameless(person)) return person
  await people.emptyMails(trx, person)
  await people.forgetInvites(trx, person, now)
  const upload = person.avatar_upload_id ? Object.values(avatarKeys(userId, person.avatar_upload_id)) : []
  const keys = [...(person.avatar_key ? [person.avatar_key] : []), ...upload]
  if (keys.length > 0) enqueue(deleteFiles, { keys })
  await people.takeName(trx, userId, now)
  // Before the audit log loses what it says of them: what is gone without such an event is tampered with.
  audit({ action: 'user.anonymisation_began', actorId: null, targetType: 'user', targetId: userId })
  return person
}

/** Tasks of an organization stay with it as long as somebody is in it; without an organization they were the person's alone. */
async function deleteTasksLeftAlone(
  transact: Transact,
  { id, organization_id }: people.LeavingPerson,
  signal: AbortSignal,
): Promise<void> {
  for (let count = tasksPerTransaction; count === tasksPerTransaction; ) {
    signal.throwIfAborted()
    count = await transact(async ({ trx, enqueue }) => {
      if (organization_id !== null) {
        if (!(await organizations.holdWhenAlone(trx, organization_id, id))) return 0
        await organizations.handTasksToOwners(trx, organization_id, id)
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

async function finish(
  { trx, audit }: TransactContext,
  { id, organization_id }: people.LeavingPerson,
  now: Date,
): Promise<boolean> {
  const isAlone = organization_id !== null && (await organizations.holdWhenAlone(trx, organization_id, id))
  if (!(await people.setAnonymised(trx, id, now))) return false
  if (isAlone) await organizations.deleteOrganization(trx, organization_id)
  audit({ action: 'user.anonymised', actorId: null, targetType: 'user', targetId: id })
  return true
}
