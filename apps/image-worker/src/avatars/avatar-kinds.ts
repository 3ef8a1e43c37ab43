import { optimizeAvatar, optimizeGroupAvatar } from '@muster/jobs/definitions'
import { avatarKeys, groupAvatarKeys } from '@muster/storage'
import { sql } from 'kysely'

/** One upload that is to become the avatar of a user or of a group, its owner. */
export type AvatarUpload = { ownerId: string; uploadId: string }

/** The differences between avatars of users and of groups. Both tables have the same columns for them. */
export type AvatarKind = (typeof avatarKinds)[keyof typeof avatarKinds]

export const avatarKinds = {
  user: {
    table: 'users',
    targetType: 'user',
    job: optimizeAvatar,
    prefix: 'avatars/',
    keysOf: ({ ownerId, uploadId }: AvatarUpload) => avatarKeys(ownerId, uploadId),
    /** SQL: the user who is told when the upload failed. */
    uploader: sql.ref<string | null>('users.id'),
    failureTitle: 'Your picture stays as it was',
  },
  group: {
    table: 'chats',
    targetType: 'chat',
    job: optimizeGroupAvatar,
    prefix: 'chat-avatars/',
    keysOf: ({ ownerId, uploadId }: AvatarUpload) => groupAvatarKeys(ownerId, uploadId),
    uploader: sql.ref<string | null>('chats.avatar_uploader_id'),
    failureTitle: 'The picture of your group stays as it was',
  },
} as const
