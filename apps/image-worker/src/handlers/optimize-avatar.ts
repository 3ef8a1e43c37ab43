import { Readable } from 'node:stream'
import { optimizeAvatar } from '@muster/jobs/definitions'
import { type HandlerContext, handle } from '@muster/jobs/worker'
import { avatarKeys } from '@muster/storage'
import { type AvatarUpload, isWanted } from '../avatars/avatars.queries.ts'
import { failAvatarByFault, finishAvatar, giveUpAvatar } from '../avatars/finish-avatar.ts'
import type { Deps } from '../deps.ts'
import { makeAvatar } from '../image/avatar.ts'
import type { InTurn } from '../turns.ts'
import { makeOrGiveUp } from '../uploads/make-image.ts'
import { whenStorageIsThere } from '../uploads/storage-errors.ts'

type Needs = Pick<Deps, 'db' | 'publisher' | 'storage' | 'clock' | 'dropProfile'> & { inTurn: InTurn }

/**
 * Turns an uploaded image into a person's picture. A file that is no usable image is an outcome, not an error: the old
 * picture stays. The cached profile goes at the end of every run, also of one that finds the work done by a killed one.
 */
export function optimizeAvatarHandler(deps: Needs) {
  return handle(optimizeAvatar, async (upload, context) => {
    if (await isWanted(deps.db, upload)) await makeOne(deps, upload, context)
    await deps.dropProfile(upload.userId)
  })
}

async function makeOne(deps: Needs, upload: AvatarUpload, context: HandlerContext): Promise<void> {
  const keys = avatarKeys(upload.userId, upload.uploadId)
  const make = async (path: string) => {
    const picture = await deps.inTurn(() => makeAvatar(path))
    return whenStorageIsThere(deps.storage.put(keys.picture, Readable.from([picture])))
  }
  const made = await makeOrGiveUp(deps, keys.original, make, { ...context, job: optimizeAvatar })
  if ('fault' in made) return failAvatarByFault(deps, upload, made)
  if ('failureReason' in made) return giveUpAvatar(deps, context.transact, upload, made.failureReason)
  await finishAvatar(deps, context.transact, upload)
}
