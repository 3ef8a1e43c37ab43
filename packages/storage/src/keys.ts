/** Where the bytes of an attachment lie: what was uploaded, and what the image worker makes of it. */
export function attachmentKeys(attachmentId: string) {
  const folder = `attachments/${attachmentId}`
  return { original: `${folder}/original`, optimized: `${folder}/optimized`, thumbnail: `${folder}/thumbnail` }
}

/** Where the bytes of one upload of an avatar lie. */
export function avatarKeys(userId: string, uploadId: string) {
  const folder = `avatars/${userId}/${uploadId}`
  return { original: `${folder}/original`, picture: `${folder}/picture` }
}

/** Every key under which an attachment may have bytes, also those that the image worker is about to write. */
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
