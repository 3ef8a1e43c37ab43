import { lockChats, nextOwnChange, saveCounters } from '@muster/chat-changes'
import { deleteFiles } from '@muster/jobs/definitions'
import { createTransact, type Transact, type TransactContext } from '@muster/jobs/outbox'
import { notify } from '@muster/notifications'
import type { Deps } from '../deps.ts'
import { type AvatarKind, type AvatarUpload, avatarKinds } from './avatar-kinds.ts'
import { findAbandoned, setAvatar, setAvatarFailed } from './avatars.queries.ts'

const abandonedBatch = 500
const failureReason = 'It could not be processed.'

/**
 * Sets the new avatar and enqueues the deletion of the previous one and of the original; of all files of the upload when it is
 * no longer current. The members of a group learn it by a change of the chat.
 */
export function completeAvatar(
  { clock }: Pick<Deps, 'clock'>,
  transact: Transact,
  kind: AvatarKind,
  upload: AvatarUpload,
): Promise<void> {
  const keys = kind.keysOf(upload)
  return transact(async (tx) => {
    const [chat] = kind.table === 'chats' ? await lockChats(tx.trx, [upload.ownerId]) : []
    const changed = await setAvatar(tx.trx, kind, upload, keys.picture, clock.now())
    if (!changed) {
      tx.enqueue(deleteFiles, { keys: Object.values(keys) })
      return
    }
    if (chat) {
      nextOwnChange(chat)
      await saveCounters(tx, chat)
    }
    const { previousKey } = changed
    tx.enqueue(deleteFiles, { keys: [keys.original, ...(previousKey ? [previousKey] : [])] })
    tx.audit({ ...eventOf(kind, upload, 'avatar_changed'), after: { uploadId: upload.uploadId } })
  })
}

/** Marks the avatar as failed, notifies its uploader and enqueues the deletion of the upload. The previous avatar stays. */
export function rejectAvatar(
  { clock }: Pick<Deps, 'clock'>,
  transact: Transact,
  kind: AvatarKind,
  upload: AvatarUpload,
  reason: string,
): Promise<void> {
  return transact((tx) => fail(tx, kind, upload, { reason, areFilesKept: false }, clock.now()))
}

/**
 * Marks the avatar as failed and notifies its uploader, but keeps the upload, so that an operator can retry the failed job.
 * Commits apart from the job's acknowledgement, because an acknowledged job is not listed as failed.
 */
export function failAvatar(
  { db, publisher, clock }: Pick<Deps, 'db' | 'publisher' | 'clock'>,
  kind: AvatarKind,
  upload: AvatarUpload,
  reason: string,
): Promise<void> {
  const transact = createTransact({ db, publisher })
  return transact((tx) => fail(tx, kind, upload, { reason, areFilesKept: true }, clock.now()))
}

/**
 * Fails avatar uploads that are still in processing although their job ended, for example because it crashed the worker in each
 * attempt. Their files are kept while the failed job is listed, and deleted after an operator has discarded it.
 * @returns how many uploads it failed
 */
export async function failAbandonedAvatars({ clock }: Pick<Deps, 'clock'>, transact: Transact): Promise<number> {
  let total = 0
  for (const kind of Object.values(avatarKinds)) {
    total += await transact(async (tx) => {
      const abandoned = await findAbandoned(tx.trx, kind, abandonedBatch)
      for (const { canBeRetried, ...upload } of abandoned)
        await fail(tx, kind, upload, { reason: failureReason, areFilesKept: canBeRetried }, clock.now())
      return abandoned.length
    })
  }
  return total
}

async function fail(
  tx: TransactContext,
  kind: AvatarKind,
  upload: AvatarUpload,
  { reason, areFilesKept }: { reason: string; areFilesKept: boolean },
  now: Date,
): Promise<void> {
  if (!areFilesKept) tx.enqueue(deleteFiles, { keys: Object.values(kind.keysOf(upload)) })
  const failed = await setAvatarFailed(tx.trx, kind, upload, { areFilesKept })
  // An uploader whose upload had failed before was notified then.
  if (!failed || failed.before === 'failed') return
  if (failed.uploaderId) await notify(tx, { userId: failed.uploaderId, ...failureNotice(kind, reason), now })
  tx.audit({ ...eventOf(kind, upload, 'avatar_failed'), after: { uploadId: upload.uploadId, failureReason: reason } })
}

const failureNotice = ({ failureTitle: title }: AvatarKind, reason: string) => ({
  type: 'general' as const,
  title,
  data: { event: 'avatarFailed' as const },
  message: `The picture that you uploaded can’t be used. ${reason}`,
})

const eventOf = ({ targetType }: AvatarKind, { ownerId }: AvatarUpload, happened: string) => ({
  action: `${targetType}.${happened}`,
  actorId: null,
  targetType,
  targetId: ownerId,
})
