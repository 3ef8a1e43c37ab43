import { Readable } from 'node:stream'
import { newId } from '@muster/db'
import { insertChatFile, insertMessage, insertReminder, insertTask } from '@muster/testing'
import { dataOf } from '../../testing/succeeded.ts'
import type { TestApp, TestUser } from '../../testing/test-app.ts'

/** The owner of a resource: the caller, another user of the caller's organization, or a user of another one. */
export type Relation = 'own' | 'organization' | 'foreign'

/**
 * Creates a resource of the owner.
 * @returns the value of each parameter in the route's path; `id` also identifies the resource in bodies
 */
export type Resource = (api: TestApp, owner: TestUser) => Promise<Record<string, string>>

const ownerRow = ({ userId, organizationId }: TestUser) => ({ id: userId, organization_id: organizationId })
const bytes = () => Readable.from([Buffer.from('some bytes')])

export const user: Resource = async (_api, { userId }) => ({ id: userId, userId })

export const sessionOfUser: Resource = async (_api, { userId, sessionId }) => ({ id: userId, sessionId })

export const session: Resource = async (_api, { sessionId }) => ({ id: sessionId })

export const task: Resource = async ({ db }, owner) => ({ id: (await insertTask(db, ownerRow(owner))).id })

export const reminder: Resource = async ({ db }, owner) => {
  const of = await insertTask(db, ownerRow(owner))
  return { id: (await insertReminder(db, of)).id }
}

export const notification: Resource = async ({ db }, { userId }) => {
  const id = newId()
  const row = { id, user_id: userId, type: 'general', title: 'Something', message: 'It happened.' }
  await db.insertInto('notifications').values(row).execute()
  return { id }
}

/** An image that the image worker has optimized. */
export const attachment: Resource = async ({ db, deps }, owner) => {
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

export const userWithAvatar: Resource = async ({ db, deps }, { userId }) => {
  const key = `avatars/${userId}/${newId()}/picture`
  await deps.storage.put(key, bytes())
  await db.updateTable('users').set({ avatar_key: key, avatar_status: 'ready' }).where('id', '=', userId).execute()
  return { id: userId }
}

/** A request that the owner received. */
export const friendRequest: Resource = async (api, { userId }) => {
  const id = newId()
  const requester = await api.signUp()
  await api.db
    .insertInto('friendships')
    .values({ id, requester_id: requester.userId, addressee_id: userId, created_at: new Date() })
    .execute()
  return { id }
}

/** A friend of the owner, of another organization than the caller's. */
export const friend: Resource = async (api, { userId }) => {
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

/** A user whom the owner has blocked. */
export const blockedUser: Resource = async (api, { userId }) => {
  const other = await api.signUp()
  const row = { blocker_id: userId, blocked_id: other.userId, created_at: new Date() }
  await api.db.insertInto('blocks').values(row).execute()
  return { userId: other.userId }
}

/** A linked Google account of an owner who also has a password, so that it can be unlinked. */
export const googleAccount: Resource = async ({ db }, { userId }) => {
  const credentials = { google_id: `google-${userId}`, password_hash: 'unused' }
  await db.updateTable('users').set(credentials).where('id', '=', userId).execute()
  return {}
}

/** An invitation that the owner sent. */
export const invite: Resource = async ({ db }, owner) => {
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

export const organization: Resource = async ({ db }) => {
  const id = newId()
  await db.insertInto('organizations').values({ id, name: 'Example Ltd.' }).execute()
  return { id }
}

export const queue: Resource = async () => ({ name: 'email' })
/** A queue that is never paused here. */
export const runningQueue: Resource = async () => ({ name: 'audit' })
/** A queue that stays paused here, so that calls at the same time have the same outcome. */
export const pausedQueue: Resource = async ({ db }) => {
  const pause = { queue: 'image', note: 'Maintenance' }
  await db
    .insertInto('queue_pauses')
    .values(pause)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return { name: pause.queue }
}

export const failedJob: Resource = async ({ db }) => {
  const id = newId()
  const payload = JSON.stringify({ emailId: newId() })
  const row = { id, queue: 'email', name: 'send-email', payload, failed_at: new Date(), error: 'It failed.' }
  await db.insertInto('outbox').values(row).execute()
  return { name: 'email', jobId: id }
}

export const sentMail: Resource = async ({ db }, { email }) => {
  const id = newId()
  const data = JSON.stringify({ name: 'Some User' })
  await db
    .insertInto('email_messages')
    .values({ id, template: 'welcome', to_address: email, data, status: 'sent', sent_at: new Date() })
    .execute()
  return { id }
}

/** The id of a request that changed nothing, which anybody who may trace can look at. */
export const tracedRequest: Resource = async () => ({ requestId: newId() })

/** The suppression of an address of the caller, another one each time. */
export const suppression: Resource = async ({ db }, { email }) => {
  const id = newId()
  const address = `${id}.${email}`
  await db.insertInto('email_suppressions').values({ id, address, reason: 'no such user' }).execute()
  return { id }
}

/** A group with a message, of which the owner is the only member. */
export const chat: Resource = async (_api, owner) => {
  const { id } = dataOf(
    await owner.inject('POST', '/api/v1/chats', { type: 'group', name: 'Garden', memberIds: [] }),
  ).chat
  const sent = await owner.inject('POST', `/api/v1/chats/${id}/messages`, { clientId: newId(), body: 'Hello' })
  return { id, messageId: dataOf(sent).message.id, emoji: encodeURIComponent('👍') }
}

/** A group of the owner with another member, a friend. */
export const chatMember: Resource = async (api, owner) => {
  const { userId } = await friend(api, owner)
  const group = { type: 'group', name: 'Garden', memberIds: [userId] }
  const { id } = dataOf(await owner.inject('POST', '/api/v1/chats', group)).chat
  return { id, userId: userId as string }
}

/** A group of the owner with a file that they have not sent. */
export const chatFile: Resource = async (api, owner) => {
  const { id } = await chat(api, owner)
  const uploader = { id: owner.userId, organization_id: owner.organizationId }
  const file = await insertChatFile(api.db, { id: id as string }, uploader)
  return { id: id as string, attachmentId: file.id }
}

/** A group of the owner with a picture. */
export const chatWithAvatar: Resource = async (api, owner) => {
  const { id } = (await chat(api, owner)) as { id: string }
  const key = `chat-avatars/${id}/${newId()}/picture`
  await api.deps.storage.put(key, bytes())
  await api.db.updateTable('chats').set({ avatar_key: key, avatar_status: 'ready' }).where('id', '=', id).execute()
  return { id }
}

/** A message of another member in a group of the owner. */
export const foreignMessage: Resource = async (api, owner) => {
  const member = (await chatMember(api, owner)) as { id: string; userId: string }
  const message = await insertMessage(api.db, member, { id: member.userId })
  return { id: member.id, messageId: message.id }
}
