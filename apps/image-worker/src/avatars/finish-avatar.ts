import { deleteFiles } from '@muster/jobs/definitions'
import { createTransact, type Transact, type TransactContext } from '@muster/jobs/outbox'
import { notify } from '@muster/notifications'
import { avatarKeys } from '@muster/storage'
import type { Deps } from '../deps.ts'
import type { NotMade } from '../uploads/make-image.ts'
import { type AvatarUpload, findAbandoned, setAvatar, setAvatarFailed } from './avatars.queries.ts'

const abandonedBatch = 500

/** The person gets the new picture; the one before and what was uploaded go, or all of it when it is no longer wanted. */
export function finishAvatar({ clock }: Pick<Deps, 'clock'>, transact: Transact, upload: AvatarUpload): Promise<void> {
  const keys = avatarKeys(upload.userId, upload.uploadId)
  return transact(async ({ trx, enqueue, audit }) => {
    const changed = await setAvatar(trx, upload, keys.picture, clock.now())
    if (!changed) {
      enqueue(deleteFiles, { keys: Object.values(keys) })
      return
    }
    const { previousKey } = changed
    enqueue(deleteFiles, { keys: [keys.original, ...(previousKey ? [previousKey] : [])] })
    audit({ ...changeOf(upload, 'user.avatar_changed'), after: { uploadId: upload.uploadId } })
  })
}

/** The person keeps the picture that they had, and is told why. */
export function giveUpAvatar(
  { clock }: Pick<Deps, 'clock'>,
  transact: Transact,
  upload: AvatarUpload,
  failureReason: string,
): Promise<void> {
  return transact((context) => fail(context, upload, failureReason, clock.now()))
}

/**
 * The person keeps the picture that they had, and the upload its bytes for when the job is run again.
 * @throws the fault, with which the job fails for good
 */
export async function failAvatarByFault(
  { db, publisher, clock }: Pick<Deps, 'db' | 'publisher' | 'clock'>,
  upload: AvatarUpload,
  { failureReason, fault }: NotMade,
): Promise<never> {
  // Not the job's own transaction: that would end the job as done, and nobody could run it again.
  await createTransact({ db, publisher })((context) => fail(context, upload, failureReason, clock.now(), keepBytes))
  throw fault
}

/**
 * Uploads whose job failed without a word, for it took its worker down again and again, would stay in processing for ever.
 * Bytes are kept for as long as the failed job is, and go when it was discarded.
 */
export function giveUpAbandonedAvatars({ clock }: Pick<Deps, 'clock'>, transact: Transact): Promise<number> {
  return transact(async (context) => {
    const abandoned = await findAbandoned(context.trx, abandonedBatch)
    for (const { canBeRetried, ...upload } of abandoned)
      await fail(context, upload, 'It could not be processed.', clock.now(), { areBytesKept: canBeRetried })
    return abandoned.length
  })
}

const keepBytes = { areBytesKept: true }

async function fail(
  { trx, enqueue, audit }: TransactContext,
  upload: AvatarUpload,
  failureReason: string,
  now: Date,
  { areBytesKept }: { areBytesKept: boolean } = { areBytesKept: false },
) {
  if (!areBytesKept) enqueue(deleteFiles, { keys: Object.values(avatarKeys(upload.userId, upload.uploadId)) })
  const outcome = await setAvatarFailed(trx, upload, { areBytesKept })
  // Whose job was discarded was told when it failed.
  if (outcome !== 'failed') return
  await notify({ trx }, { userId: upload.userId, ...failureNotice(failureReason), now })
  audit({ ...changeOf(upload, 'user.avatar_failed'), after: { uploadId: upload.uploadId, failureReason } })
}

const failureNotice = (reason: string) => ({
  type: 'general' as const,
  title: 'Your picture stays as it was',
  message: `The one that you uploaded can’t be used. ${reason}`,
})

const changeOf = ({ userId }: AvatarUpload, action: string) => ({
  action,
  actorId: null,
  targetType: 'user',
  targetId: userId,
})
