/** Returns the path of a user's avatar, with its version for browser caches; null without an avatar. */
export function avatarUrlOf({ id, avatar_key }: { id: string; avatar_key: string | null }): string | null {
  return avatar_key && `/api/v1/users/${id}/avatar?v=${avatarVersionOf(avatar_key)}`
}

/** Returns the id of the upload from which the avatar was made: keys are `avatars/<userId>/<uploadId>/<name>`. */
export const avatarVersionOf = (avatarKey: string): string => avatarKey.split('/')[2] ?? ''
