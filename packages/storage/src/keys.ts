/** Builds the keys of an attachment: of the uploaded original, and of the images that the image worker makes of it. */
export function attachmentKeys(attachmentId: string) {
  const folder = `attachments/${attachmentId}`
  return { original: `${folder}/original`, optimized: `${folder}/optimized`, thumbnail: `${folder}/thumbnail` }
}

/** Builds the keys of one upload of an avatar. */
export function avatarKeys(userId: string, uploadId: string) {
  const folder = `avatars/${userId}/${uploadId}`
  return { original: `${folder}/original`, picture: `${folder}/picture` }
}

/** Builds the keys of one upload of the avatar of a group. */
export function groupAvatarKeys(chatId: string, uploadId: string) {
  const folder = `chat-avatars/${chatId}/${uploadId}`
  return { original: `${folder}/original`, picture: `${folder}/picture` }
}

/** Lists every key under which an attachment may have a file, including those that the image worker has yet to write. */
export function everyKeyOf(row: {
  id: string
  kind: string
  storage_key: string
  thumbnail_key: string | null
}): string[] {
  const { original, optimized, thumbnail } = attachmentKeys(row.id)
  const made = row.kind === 'image' ? [optimized, thumbnail] : []
  const known = row.thumbnail_key ? [row.storage_key, row.thumbnail_key] : [row.storage_key]
  return [...new Set([original, ...known, ...made])]
}
