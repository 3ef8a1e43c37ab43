/** Where a person's picture is served, with what tells it from the one before; null without a picture. */
export function avatarUrlOf({ id, avatar_key }: { id: string; avatar_key: string | null }): string | null {
  return avatar_key && `/api/v1/users/${id}/avatar?v=${avatarVersionOf(avatar_key)}`
}

/** The upload that the picture was made of: keys are `avatars/<userId>/<uploadId>/<name>`. */
export const avatarVersionOf = (avatarKey: string): string => avatarKey.split('/')[2] ?? ''
