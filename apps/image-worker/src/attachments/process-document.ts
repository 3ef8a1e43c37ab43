import { scanFile } from '@muster/jobs/definitions'
import type { HandlerContext } from '@muster/jobs/worker'
import type { Deps } from '../deps.ts'
import { processUpload } from '../uploads/process-upload.ts'
import { failAttachment, rejectAttachment, releaseAttachment, reopenAttachment } from './attachment-outcome.ts'
import { findAttachment } from './attachments.queries.ts'

export type ScanDeps = Pick<Deps, 'db' | 'publisher' | 'storage' | 'clock' | 'scanner'>

/**
 * Scans a document, which every upload is, and makes it ready unless it is infected. Does nothing when the attachment was deleted or an
 * earlier run completed it.
 */
export async function processDocument(deps: ScanDeps, attachmentId: string, job: HandlerContext): Promise<void> {
  const attachment = await findAttachment(deps.db, attachmentId)
  if (!attachment || !(attachment.status === 'processing' || (await reopenAttachment(deps, attachment)))) return
  await processUpload(
    deps,
    attachment.storage_key,
    {
      make: async () => {},
      complete: () => releaseAttachment(deps, job.transact, attachment),
      reject: (reason) => rejectAttachment(deps, job.transact, attachment, reason),
      fail: (reason) => failAttachment(deps, attachment, reason),
    },
    { ...job, job: scanFile },
  )
}
