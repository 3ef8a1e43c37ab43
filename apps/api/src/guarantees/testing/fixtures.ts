import { Readable } from 'node:stream'
import { newId } from '@muster/db'
import { insertReminder, insertTask } from '@muster/testing'
import type { TestApp, TestPerson } from '../../testing/api.ts'

/** Whose the thing is: the caller's, of somebody else in their organization, of somebody elsewhere. */
export type Relation = 'own' | 'ours' | 'others'

/**
 * Makes a thing of the owner's.
 * @returns what stands in the address for each of its parameters; `id` also stands for the thing in bodies
 */
export type Thing = (api: TestApp, owner: TestPerson) => Promise<Record<string, string>>

const ownerRow = ({ userId, organizationId }: TestPerson) => ({ id: userId, organization_id: organizationId })
const bytes = () => Readable.from([Buffer.from('some bytes')])

export const person: Thing = async (_api, { userId }) => ({ id: userId, userId })

export const session: Thing = async (_api, { sessionId }) => ({ id: sessionId })

export const task: Thing = async ({ db }, owner) => ({ id: (await insertTask(db, ownerRow(owner))).id })

export const reminder: Thing = async ({ db }, owner) => {
  const of = await insertTask(db, ownerRow(owner))
  return { id: (await insertReminder(db, of)).id }
}

export const notification: Thing = async ({ db }, { userId }) => {
  const id = newId()
  const row = { id, user_id: userId, type: 'general', title: 'Something', message: 'It happened.' }
  await db.insertInto('notifications').values(row).execute()
  return { id }
}

/** An image that its worker is done with. */
export const file: Thing = async ({ db, deps }, owner) => {
  const of = await insertTask(db, ownerRow(owner))
  const id = newId()
  const keys = { storage_key: `attachments/${id}/optimized`, thumbnail_key: `attachments/${id}/thumbnail` }
  for (const key of Object.values(keys)) await deps.storage.put(key, bytes())
  await db
    .insertInto('attachments')
    .values({
      ...keys,
      id,
      task_id: of.id,
      organization_id: owner.organizationId,
      uploader_id: owner.userId,
      filename: 'picture.webp',
      content_type: 'image/webp',
      kind: 'image',
      status: 'ready',
      size_bytes: 10,
      original_size_bytes: 10,
    })
    .execute()
  return { id }
}

export const personWithPicture: Thing = async ({ db, deps }, { userId }) => {
  const key = `avatars/${userId}/${newId()}/picture`
  await deps.storage.put(key, bytes())
  await db.updateTable('users').set({ avatar_key: key, avatar_status: 'ready' }).where('id', '=', userId).execute()
  return { id: userId }
}

/** What somebody asked the owner. */
export const friendRequest: Thing = async (api, { userId }) => {
  const id = newId()
  const asking = await api.signUp()
  await api.db
    .insertInto('friendships')
    .values({ id, requester_id: asking.userId, addressee_id: userId, created_at: new Date() })
    .execute()
  return { id }
}

/** Somebody who is the owner's friend, and nobody's in the caller's organization. */
export const friend: Thing = async (api, { userId }) => {
  const other = await api.signUp()
  await api.db
    .insertInto('friendships')
    .values({
      id: newId(),
      requester_id: other.userId,
      addressee_id: userId,
      accepted_at: new Date(),
      created_at: new Date(),
    })
    .execute()
  return { userId: other.userId }
}

/** Somebody whom the owner has blocked. */
export const blockedPerson: Thing = async (api, { userId }) => {
  const other = await api.signUp()
  const row = { blocker_id: userId, blocked_id: other.userId, created_at: new Date() }
  await api.db.insertInto('blocks').values(row).execute()
  return { userId: other.userId }
}

/** A Google account beside a password, so that it can be unlinked. */
export const googleAccount: Thing = async ({ db }, { userId }) => {
  const credentials = { google_id: `google-${userId}`, password_hash: 'unused' }
  await db.updateTable('users').set(credentials).where('id', '=', userId).execute()
  return {}
}

/** Sent by the owner. */
export const invite: Thing = async ({ db }, owner) => {
  const isJoining = owner.organizationId !== null
  const id = newId()
  await db
    .insertInto('invites')
    .values({
      id,
      email: `invited-${id}@example.test`,
      role: isJoining ? 'client_user' : 'client_admin',
      organization_id: isJoining ? owner.organizationId : null,
      organization_name: isJoining ? null : 'To be set up',
      inviter_id: owner.userId,
      email_id: newId(),
      status: 'pending',
      expires_at: new Date(Date.now() + 86_400_000),
      created_at: new Date(),
      updated_at: new Date(),
    })
    .execute()
  return { id }
}

export const queue: Thing = async () => ({ name: 'email' })

export const failedJob: Thing = async ({ db }) => {
  const id = newId()
  const payload = JSON.stringify({ emailId: newId() })
  const row = { id, queue: 'email', name: 'send-email', payload, failed_at: new Date(), error: 'It failed.' }
  await db.insertInto('outbox').values(row).execute()
  return { name: 'email', jobId: id }
}

export const sentMail: Thing = async ({ db }, { email }) => {
  const id = newId()
  const data = JSON.stringify({ name: 'Somebody' })
  await db
    .insertInto('email_messages')
    .values({ id, template: 'welcome', to_address: email, data, status: 'sent', sent_at: new Date() })
    .execute()
  return { id }
}

export const suppression: Thing = async ({ db }, { email }) => {
  const id = newId()
  await db.insertInto('email_suppressions').values({ id, address: email, reason: 'no such user' }).execute()
  return { id }
}
