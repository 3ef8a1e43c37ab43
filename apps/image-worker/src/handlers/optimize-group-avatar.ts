import { optimizeGroupAvatar } from '@muster/jobs/definitions'
import { handle } from '@muster/jobs/worker'
import { avatarKinds } from '../avatars/avatar-kinds.ts'
import { type AvatarDeps, processAvatar } from '../avatars/process-avatar.ts'

/** Makes the avatar of a group of an uploaded image. */
export function optimizeGroupAvatarHandler(deps: AvatarDeps) {
  return handle(optimizeGroupAvatar, ({ chatId: ownerId, uploadId }, job) =>
    processAvatar(deps, avatarKinds.group, { ownerId, uploadId }, job),
  )
}
