import { Readable } from 'node:stream'
import { optimizeAvatar } from '@muster/jobs/definitions'
import type { HandlerContext } from '@muster/jobs/worker'
import { avatarKeys } from '@muster/storage'
import type { LimitFunction } from 'p-limit'
import type { Deps } from '../deps.ts'
import { makeAvatar } from '../image/avatar.ts'
import { processUpload } from '../uploads/process-upload.ts'
import { retryWhenUnavailable } from '../uploads/storage-errors.ts'
import { completeAvatar, failAvatar, rejectAvatar } from './avatar-outcome.ts'
import { type AvatarUpload, isCurrent } from './avatars.queries.ts'

export type AvatarDeps = Pick<Deps, 'db' | 'publisher' | 'storage' | 'clock'> & { limitPixelWork: LimitFunction }

/** Turns an uploaded image into the user's avatar. Does nothing when the upload is no longer current. */
export async function processAvatar(deps: AvatarDeps, upload: AvatarUpload, job: HandlerContext): Promise<void> {
  if (!(await isCurrent(deps.db, upload))) return
  const keys = avatarKeys(upload.userId, upload.uploadId)
  await processUpload(
    deps,
    keys.original,
    {
      async make(path) {
        const picture = await deps.limitPixelWork(() => makeAvatar(path))
        await retryWhenUnavailable(deps.storage.put(keys.picture, Readable.from([picture])))
      },
      complete: () => completeAvatar(deps, job.transact, upload),
      reject: (reason) => rejectAvatar(deps, job.transact, upload, reason),
      fail: (reason) => failAvatar(deps, upload, reason),
    },
    { ...job, job: optimizeAvatar },
  )
}
