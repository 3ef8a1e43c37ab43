import { scanFile } from '@muster/jobs/definitions'
import { handle } from '@muster/jobs/worker'
import { processDocument, type ScanDeps } from '../attachments/process-document.ts'

/** Scans an uploaded document, and makes it ready. */
export function scanFileHandler(deps: ScanDeps) {
  return handle(scanFile, ({ attachmentId }, job) => processDocument(deps, attachmentId, job))
}
