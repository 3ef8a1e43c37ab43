import { contentTypesOf, extensionsOf } from './file-types.ts'
import { maxFileBytes, type UploadRules } from './receive-files.ts'

/** What a task takes as attachments in one request. */
export const attachmentUpload = {
  field: 'files',
  maxFiles: 10,
  kinds: ['image', 'document'],
} as const satisfies UploadRules

/** What a profile takes as its picture. */
export const avatarUpload = { field: 'file', maxFiles: 1, kinds: ['image'] } as const satisfies UploadRules

/** Returns what a front end must know before it sends files. */
export const uploadLimitsOf = ({ field, maxFiles, kinds }: UploadRules) => ({
  field,
  maxFiles,
  maxFileBytes,
  extensions: extensionsOf(kinds),
  contentTypes: contentTypesOf(kinds),
})
