import { optimizeImage } from '@muster/jobs/definitions'
import { handle } from '@muster/jobs/worker'
import { type AttachmentDeps, processAttachment } from '../attachments/process-attachment.ts'

/** Makes the optimized version and the thumbnail of an uploaded image. */
export function optimizeImageHandler(deps: AttachmentDeps) {
  return handle(optimizeImage, ({ attachmentId }, job) => processAttachment(deps, attachmentId, job))
}
