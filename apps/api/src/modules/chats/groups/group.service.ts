import { isDatabaseUnavailable, newId } from '@muster/db'
import { DomainError } from '@muster/errors'
import { deleteFiles, optimizeGroupAvatar } from '@muster/jobs/definitions'
import { groupAvatarKeys } from '@muster/storage'
import { sql } from 'kysely'
import type { Deps } from '../../../deps.ts'
import type { Actor, Origin } from '../../../http/actor.ts'
import { eventOn } from '../../../http/event-on.ts'
import type { StagedFile } from '../../../http/uploads/receive-files.ts'
import { nextOwnChange, saveCounters } from '../chat-lock.ts'
import { pictureVersionOf } from '../chat-view.ts'
import * as queries from './group.queries.ts'
import { lockGroupAsAdmin } from './lock-group.ts'

type Options = { origin: Origin }

/**
 * Renames a group of which the actor is an admin. The same name again changes nothing.
 * @throws DomainError NOT_FOUND, FORBIDDEN, CONFLICT in a direct chat
 */
export function renameGroup(
  { transact, clock }: Pick<Deps, 'transact' | 'clock'>,
  actor: Actor,
  { chatId, name }: { chatId: string; name: string },
  { origin }: Options,
): Promise<void> {
  return transact(async (tx) => {
    const chat = await lockGroupAsAdmin(tx.trx, actor, chatId)
    if (chat.name === name) return
    nextOwnChange(chat)
    await saveCounters(tx, chat, {
      assignments: sql`, name = ${name}, version = version + 1, updated_at = ${clock.now()}`,
    })
    tx.audit({
      ...eventOn('chat', chatId, actor.userId, origin),
      action: 'chat.renamed',
      before: { name: chat.name },
      after: { name },
    })
  })
}

/** Refuses an upload before its body is read. @throws DomainError NOT_FOUND, FORBIDDEN, CONFLICT in a direct chat */
export function assertMayChange({ transact }: Pick<Deps, 'transact'>, actor: Actor, chatId: string): Promise<void> {
  return transact(async ({ trx }) => {
    await lockGroupAsAdmin(trx, actor, chatId)
  })
}

/**
 * Stores a staged image from which the image worker makes the picture of a group. The group keeps its picture until the worker has
 * finished, and when it can't use the file.
 * @throws DomainError NOT_FOUND, FORBIDDEN, CONFLICT in a direct chat
 */
export async function replaceAvatar(
  deps: Pick<Deps, 'transact' | 'storage' | 'log'>,
  actor: Actor,
  { chatId, file }: { chatId: string; file: StagedFile },
  { origin }: Options,
): Promise<void> {
  const uploadId = newId()
  const { original } = groupAvatarKeys(chatId, uploadId)
  try {
    await deps.storage.put(original, file.path)
    await deps.transact(async ({ trx, enqueue, audit }) => {
      await lockGroupAsAdmin(trx, actor, chatId)
      const superseded = await queries.findUpload(trx, chatId)
      if (superseded) enqueue(deleteFiles, { keys: Object.values(groupAvatarKeys(chatId, superseded)) })
      await queries.beginAvatar(trx, { chatId, uploadId, uploaderId: actor.userId })
      enqueue(optimizeGroupAvatar, { chatId, uploadId })
      audit({
        ...eventOn('chat', chatId, actor.userId, origin),
        action: 'chat.avatar_uploaded',
        after: { uploadId, sizeBytes: file.sizeBytes },
      })
    })
  } catch (error) {
    await removeRefusedUpload(deps, original, error)
    throw error
  }
}

/**
 * Removes the picture of a group, and an upload from which one is being made. Without effect when there is neither.
 * @throws DomainError NOT_FOUND, FORBIDDEN, CONFLICT in a direct chat
 */
export function removeAvatar(
  { transact, clock }: Pick<Deps, 'transact' | 'clock'>,
  actor: Actor,
  chatId: string,
  { origin }: Options,
): Promise<void> {
  return transact(async (tx) => {
    const chat = await lockGroupAsAdmin(tx.trx, actor, chatId)
    const uploadId = await queries.findUpload(tx.trx, chatId)
    const keys = [
      ...(chat.avatarKey ? [chat.avatarKey] : []),
      ...(uploadId ? Object.values(groupAvatarKeys(chatId, uploadId)) : []),
    ]
    if (keys.length === 0) return
    nextOwnChange(chat)
    await saveCounters(tx, chat, {
      assignments: sql`, avatar_key = null, avatar_upload_id = null, avatar_status = null, version = version + 1,
        updated_at = ${clock.now()}`,
    })
    tx.enqueue(deleteFiles, { keys })
    tx.audit({ ...eventOn('chat', chatId, actor.userId, origin), action: 'chat.avatar_removed' })
  })
}

/**
 * Finds the storage key of the picture of a chat.
 * @param version named by the request; `isNamed` tells whether it is the current one
 * @throws DomainError NOT_FOUND for somebody who is no member, and without a picture
 */
export async function locateAvatar(
  { lookups }: Pick<Deps, 'lookups'>,
  { userId }: Actor,
  chatId: string,
  version: string | undefined,
): Promise<{ key: string; version: string; isNamed: boolean }> {
  const key = (await queries.findAvatar(lookups, chatId, userId))?.avatar_key
  if (!key) throw new DomainError('NOT_FOUND')
  const present = pictureVersionOf(key)
  return { key, version: present, isNamed: version === present }
}

/** Removes the bytes of an upload whose transaction failed. When Postgres became unavailable, it may have committed: the sweep decides. */
async function removeRefusedUpload(
  { storage, log }: Pick<Deps, 'storage' | 'log'>,
  key: string,
  error: unknown,
): Promise<void> {
  if (isDatabaseUnavailable(error)) return
  await storage
    .remove([key])
    .catch((cause: unknown) =>
      log.warn({ component: 'avatars', err: cause }, 'refused avatar not removed from storage, left to the sweep'),
    )
}
