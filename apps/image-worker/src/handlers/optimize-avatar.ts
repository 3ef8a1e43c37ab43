import { invalidateProfile } from '@muster/cache'
import { optimizeAvatar } from '@muster/jobs/definitions'
import { handle } from '@muster/jobs/worker'
import { avatarKinds } from '../avatars/avatar-kinds.ts'
import { type AvatarDeps, processAvatar } from '../avatars/process-avatar.ts'
import type { Deps } from '../deps.ts'

/**
 * Makes a user's avatar of an uploaded image. Invalidates the cached profile at the end of each run, also of a run that finds the
 * work done, because a killed run may have committed without invalidating it.
 */
export function optimizeAvatarHandler(deps: AvatarDeps & Pick<Deps, 'cache'>) {
  return handle(optimizeAvatar, async ({ userId, uploadId }, job) => {
    await processAvatar(deps, avatarKinds.user, { ownerId: userId, uploadId }, job)
    await invalidateProfile(deps, userId)
  })
}
