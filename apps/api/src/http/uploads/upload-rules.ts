import { contentTypesOf, extensionsOf } from './file-types.ts'
import { maxFileBytes, type UploadRules } from './receive-files.ts'

/** The limits of one request with attachments of a task. */
export const attachmentUpload = {
  field: 'files',
  maxFiles: 10,
  kinds: ['image', 'document'],
} as const satisfies UploadRules

/** The limits of an avatar. */
export const avatarUpload = { field: 'file', maxFiles: 1, kinds: ['image'] } as const satisfies UploadRules

/** Returns what a front end must know before it sends files. */
export const uploadLimitsOf = ({ field, maxFiles, kinds }: UploadRules) => ({
  field,
  maxFiles,
  maxFileBytes,
  extensions: extensionsOf(kinds),
  contentTypes: contentTypesOf(kinds),
})
