import { deleteFiles } from '@muster/jobs/definitions'
import { createTransact, type Transact, type TransactContext } from '@muster/jobs/outbox'
import { notify } from '@muster/notifications'
import { avatarKeys } from '@muster/storage'
import type { Deps } from '../deps.ts'
import { type AvatarUpload, findAbandoned, setAvatar, setAvatarFailed } from './avatars.queries.ts'

const abandonedBatch = 500
const failureReason = 'It could not be processed.'

/**
 * Sets the new avatar and enqueues the deletion of the previous one and of the original; of all files of the upload when it is
 * no longer current.
 */
export function completeAvatar(
  { clock }: Pick<Deps, 'clock'>,
  transact: Transact,
  upload: AvatarUpload,
): Promise<void> {
  const keys = avatarKeys(upload.userId, upload.uploadId)
  return transact(async ({ trx, enqueue, audit }) => {
    const changed = await setAvatar(trx, upload, keys.picture, clock.now())
    if (!changed) {
      enqueue(deleteFiles, { keys: Object.values(keys) })
      return
    }
    const { previousKey } = changed
    enqueue(deleteFiles, { keys: [keys.original, ...(previousKey ? [previousKey] : [])] })
    audit({ ...eventOf(upload, 'user.avatar_changed'), after: { uploadId: upload.uploadId } })
  })
}

/** Marks the avatar as failed, notifies the user and enqueues the deletion of the upload. The user keeps the previous avatar. */
export function rejectAvatar(
  { clock }: Pick<Deps, 'clock'>,
  transact: Transact,
  upload: AvatarUpload,
  reason: string,
): Promise<void> {
  return transact((context) => fail(context, upload, { reason, areFilesKept: false }, clock.now()))
}

/**
 * Marks the avatar as failed and notifies the user, but keeps the upload, so that an operator can retry the failed job.
 * Commits apart from the job's acknowledgement, because an acknowledged job is not listed as failed.
 */
export function failAvatar(
  { db, publisher, clock }: Pick<Deps, 'db' | 'publisher' | 'clock'>,
  upload: AvatarUpload,
  reason: string,
): Promise<void> {
  const transact = createTransact({ db, publisher })
  return transact((context) => fail(context, upload, { reason, areFilesKept: true }, clock.now()))
}

/**
 * Fails avatar uploads that are still in processing although their job ended, for example because it crashed the worker in each
 * attempt. Their files are kept while the failed job is listed, and deleted after an operator has discarded it.
 * @returns how many uploads it failed
 */
export function failAbandonedAvatars({ clock }: Pick<Deps, 'clock'>, transact: Transact): Promise<number> {
  return transact(async (context) => {
    const abandoned = await findAbandoned(context.trx, abandonedBatch)
    for (const { canBeRetried, ...upload } of abandoned)
      await fail(context, upload, { reason: failureReason, areFilesKept: canBeRetried }, clock.now())
    return abandoned.length
  })
}

async function fail(
  tx: TransactContext,
  upload: AvatarUpload,
  { reason, areFilesKept }: { reason: string; areFilesKept: boolean },
  now: Date,
): Promise<void> {
  if (!areFilesKept) tx.enqueue(deleteFiles, { keys: Object.values(avatarKeys(upload.userId, upload.uploadId)) })
  const outcome = await setAvatarFailed(tx.trx, upload, { areFilesKept })
  // A user whose avatar had failed before was notified then.
  if (outcome !== 'failed') return
  await notify(tx, { userId: upload.userId, ...failureNotice(reason), now })
  tx.audit({ ...eventOf(upload, 'user.avatar_failed'), after: { uploadId: upload.uploadId, failureReason: reason } })
}

const failureNotice = (reason: string) => ({
  type: 'general' as const,
  title: 'Your picture stays as it was',
  data: { event: 'avatarFailed' as const },
  message: `The picture that you uploaded can’t be used. ${reason}`,
})

const eventOf = ({ userId }: AvatarUpload, action: string) => ({
  action,
  actorId: null,
  targetType: 'user',
  targetId: userId,
})
