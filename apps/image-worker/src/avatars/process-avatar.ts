import { Readable } from 'node:stream'
import type { HandlerContext } from '@muster/jobs/worker'
import type { LimitFunction } from 'p-limit'
import type { Deps } from '../deps.ts'
import { makeAvatar } from '../image/avatar.ts'
import { processUpload } from '../uploads/process-upload.ts'
import { retryWhenUnavailable } from '../uploads/storage-errors.ts'
import type { AvatarKind, AvatarUpload } from './avatar-kinds.ts'
import { completeAvatar, failAvatar, rejectAvatar } from './avatar-outcome.ts'
import { isCurrent } from './avatars.queries.ts'

export type AvatarDeps = Pick<Deps, 'db' | 'publisher' | 'storage' | 'clock' | 'scanner'> & {
  limitPixelWork: LimitFunction
}

/** Turns an uploaded image into the avatar of its owner. Does nothing when the upload is no longer current. */
export async function processAvatar(
  deps: AvatarDeps,
  kind: AvatarKind,
  upload: AvatarUpload,
  job: HandlerContext,
): Promise<void> {
  if (!(await isCurrent(deps.db, kind, upload))) return
  const keys = kind.keysOf(upload)
  await processUpload(
    deps,
    keys.original,
    {
      async make(path) {
        const picture = await deps.limitPixelWork(() => makeAvatar(path))
        await retryWhenUnavailable(deps.storage.put(keys.picture, Readable.from([picture])))
      },
      complete: () => completeAvatar(deps, job.transact, kind, upload),
      reject: (reason) => rejectAvatar(deps, job.transact, kind, upload, reason),
      fail: (reason) => failAvatar(deps, kind, upload, reason),
    },
    { ...job, job: kind.job },
  )
}
