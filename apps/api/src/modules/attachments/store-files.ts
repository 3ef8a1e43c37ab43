import { type Db, isDatabaseUnavailable, newId, type Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import { optimizeImage, scanFile } from '@muster/jobs/definitions'
import type { TransactContext } from '@muster/jobs/outbox'
import { signalTaskChange, type TaskPlace } from '@muster/signals'
import { attachmentKeys } from '@muster/storage'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { eventOn } from '../../http/event-on.ts'
import type { StagedFile } from '../../http/uploads/receive-files.ts'
import type { AttachmentRow } from './attachment-view.ts'
import * as queries from './attachments.queries.ts'

export type UploadDeps = Pick<Deps, 'db' | 'transact' | 'storage' | 'config' | 'clock' | 'log'>
type NewFile = StagedFile & { id: string }

/** Where files are to be attached, and the organization whose quota they count for; null for platform roles. */
export type FilePlace = { organizationId: string | null } & ({ taskId: string; task: TaskPlace } | { chatId: string })

/** Decides whether the actor may attach files there, else throws. */
type FindPlace = {
  /** Called before any byte is stored. */
  find: (db: Db) => Promise<FilePlace>
  /** Called inside of the transaction that writes. */
  lock: (trx: Trx) => Promise<FilePlace>
}

/**
 * Stores staged files as attachments: the bytes first, then rows, jobs and audit events in one transaction, all or none.
 * Images are `processing` until the image worker has processed them, and with a virus scanner documents until it has scanned them.
 * @throws DomainError of `place`, and CONFLICT when the files exceed the quota
 */
export async function storeFiles(
  deps: UploadDeps,
  { actor, staged, origin }: { actor: Actor; staged: StagedFile[]; origin: Origin },
  place: FindPlace,
): Promise<AttachmentRow[]> {
  const files = staged.map((file) => ({ ...file, id: newId() }))
  const { organizationId } = await place.find(deps.db)
  // Refuses early, before any byte is stored; the check under the lock decides.
  assertWithinQuota(deps, await queries.usedBytes(deps.db, organizationId), files)
  try {
    for (const { id, path } of files) await deps.storage.put(attachmentKeys(id).original, path)
    return await insertAll(deps, { actor, files, origin }, place)
  } catch (error) {
    await removeBytes(deps, files, error)
    throw error
  }
}

function insertAll(
  deps: UploadDeps,
  { actor, files, origin }: { actor: Actor; files: NewFile[]; origin: Origin },
  { lock }: FindPlace,
): Promise<AttachmentRow[]> {
  return deps.transact(async (tx) => {
    const { trx, enqueue, audit } = tx
    const place = await lock(trx)
    await queries.lockQuota(trx, place.organizationId)
    assertWithinQuota(deps, await queries.usedBytes(trx, place.organizationId), files)
    const now = deps.clock.now()
    const values = files.map((file) => ({ ...toRow(deps, file, place, actor), created_at: now, updated_at: now }))
    const rows = await queries.insertAttachments(trx, values)
    for (const row of rows) {
      if ('taskId' in place) signalTaskFile(tx, row.id, place)
      else signalUnsentFile(tx, row.id, { chatId: place.chatId, uploaderId: actor.userId })
      if (row.kind === 'image') enqueue(optimizeImage, { attachmentId: row.id })
      else if (row.status === 'processing') enqueue(scanFile, { attachmentId: row.id })
      audit({
        ...eventOn('attachment', row.id, actor.userId, origin),
        action: 'attachment.created',
        after: fileSummary(row),
      })
    }
    return rows
  })
}

const toRow = ({ config }: Pick<Deps, 'config'>, file: NewFile, place: FilePlace, { userId }: Actor) => ({
  id: file.id,
  task_id: 'taskId' in place ? place.taskId : null,
  chat_id: 'chatId' in place ? place.chatId : null,
  organization_id: place.organizationId,
  uploader_id: userId,
  filename: file.filename,
  content_type: file.contentType,
  kind: file.kind,
  status: file.kind === 'image' || config.scansFiles ? 'processing' : 'ready',
  size_bytes: file.sizeBytes,
  original_size_bytes: file.sizeBytes,
  storage_key: attachmentKeys(file.id).original,
})

/**
 * Removes the bytes of a refused upload. When Postgres became unavailable, the transaction may have committed: then the
 * bytes stay, and the daily sweep of orphans decides.
 */
async function removeBytes({ storage, log }: UploadDeps, files: NewFile[], error: unknown): Promise<void> {
  if (isDatabaseUnavailable(error)) return
  await storage
    .remove(files.map(({ id }) => attachmentKeys(id).original))
    .catch((cause: unknown) =>
      log.warn(
        { component: 'attachments', err: cause },
        'removing the bytes of a refused upload failed, left to the orphan sweep',
      ),
    )
}

function assertWithinQuota({ config }: Pick<Deps, 'config'>, used: number, files: { sizeBytes: number }[]): void {
  const wanted = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  if (used + wanted <= config.storageQuotaBytes) return
  throw new DomainError('CONFLICT', { message: 'Your organization has no storage left for these files.' })
}

/** Signals that a file of a task was added, changed or deleted. */
export const signalTaskFile = (
  tx: Pick<TransactContext, 'signal'>,
  id: string,
  { taskId, task }: { taskId: string; task: TaskPlace },
): void => signalTaskChange(tx, { event: 'attachment', id, taskId }, task)

/** Signals that a file of a chat was uploaded, or deleted before it was sent: only its uploader sees it. */
export const signalUnsentFile = (
  { signal }: Pick<TransactContext, 'signal'>,
  id: string,
  { chatId, uploaderId }: { chatId: string; uploaderId: string },
): void => signal({ room: `user:${uploaderId}`, event: 'attachment', id, chatId })

/** Returns what audit events tell about a file. */
export const fileSummary = (row: AttachmentRow) => ({
  ...(row.task_id ? { taskId: row.task_id } : { chatId: row.chat_id, messageId: row.message_id }),
  filename: row.filename,
  contentType: row.content_type,
  sizeBytes: row.size_bytes,
  status: row.status,
})
