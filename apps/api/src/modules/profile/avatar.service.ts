import { invalidateProfile } from '@muster/cache'
import { isDatabaseUnavailable, newId } from '@muster/db'
import { DomainError } from '@muster/errors'
import { deleteFiles, optimizeAvatar } from '@muster/jobs/definitions'
import { avatarKeys } from '@muster/storage'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { eventOn } from '../../http/event-on.ts'
import type { StagedFile } from '../../http/uploads/receive-files.ts'
import { avatarVersionOf } from '../accounts/avatar-url.ts'
import { findPublicUser } from '../accounts/public-users.service.ts'
import * as queries from './avatar.queries.ts'

type Options = { origin: Origin }

/**
 * Stores a staged image from which the image worker makes the avatar: first the bytes, then the row, the job and the
 * audit event in one transaction. The user keeps the current avatar until the worker has finished, and when it can't
 * use the file.
 * @throws DomainError UNAUTHENTICATED when the user no longer exists
 */
export async function replaceAvatar(
  deps: Pick<Deps, 'transact' | 'storage' | 'log'>,
  { userId }: Actor,
  file: StagedFile,
  { origin }: Options,
): Promise<void> {
  const uploadId = newId()
  const { original } = avatarKeys(userId, uploadId)
  try {
    await deps.storage.put(original, file.path)
    await deps.transact(async ({ trx, enqueue, audit }) => {
      const previous = await queries.beginAvatar(trx, userId, uploadId)
      if (!previous) throw new DomainError('UNAUTHENTICATED')
      const superseded = keysOfUpload(userId, previous)
      if (superseded.length > 0) enqueue(deleteFiles, { keys: superseded })
      enqueue(optimizeAvatar, { userId, uploadId })
      audit({
        ...eventOn('user', userId, userId, origin),
        action: 'user.avatar_uploaded',
        after: { uploadId, sizeBytes: file.sizeBytes },
      })
    })
  } catch (error) {
    await removeRefusedUpload(deps, original, error)
    throw error
  }
}

/** Removes the avatar, and an upload from which one is being made. Without effect when there is neither. */
export async function removeAvatar(
  deps: Pick<Deps, 'transact' | 'cache' | 'clock'>,
  { userId }: Actor,
  { origin }: Options,
): Promise<void> {
  await deps.transact(async ({ trx, enqueue, audit, afterCommit }) => {
    const previous = await queries.removeAvatar(trx, userId, deps.clock.now())
    if (!previous) return
    const shown = previous.avatar_key ? [previous.avatar_key] : []
    enqueue(deleteFiles, { keys: [...shown, ...keysOfUpload(userId, previous)] })
    audit({ ...eventOn('user', userId, userId, origin), action: 'user.avatar_removed' })
    afterCommit(() => invalidateProfile(deps, userId))
  })
}

/**
 * Finds the storage key of an avatar. The actor needs visibility of the user or the current version of the avatar,
 * which only an `avatarUrl` contains that the actor was shown, e.g. in a search by username.
 * @returns `isNamed` tells whether the request named the current version
 * @throws DomainError NOT_FOUND
 */
export async function locateAvatar(
  { db }: Pick<Deps, 'db'>,
  actor: Actor,
  userId: string,
  version: string | undefined,
): Promise<{ key: string; version: string; isNamed: boolean }> {
  const user = await findPublicUser(db, userId, actor)
  const key = user?.avatar_key
  if (!key) throw new DomainError('NOT_FOUND')
  const present = avatarVersionOf(key)
  const isNamed = version === present
  if (!user.visibility && !isNamed) throw new DomainError('NOT_FOUND')
  return { key, version: present, isNamed }
}

const keysOfUpload = (userId: string, { avatar_upload_id }: queries.ReplacedAvatar): string[] =>
  avatar_upload_id ? Object.values(avatarKeys(userId, avatar_upload_id)) : []

/**
 * Removes the bytes of an upload whose transaction failed. When Postgres became unavailable, the transaction may have
 * committed, so the daily sweep decides.
 */
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
