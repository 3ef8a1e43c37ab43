import { isDatabaseUnavailable, newId } from '@muster/db'
import { DomainError } from '@muster/errors'
import { deleteFiles, optimizeImage } from '@muster/jobs/definitions'
import type { TransactContext } from '@muster/jobs/outbox'
import { canDeleteTask } from '@muster/policy'
import type { Attachment } from '@muster/realtime/shapes'
import { attachmentKeys, everyKeyOf } from '@muster/storage'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { eventOn } from '../../http/event-on.ts'
import type { StagedFile } from '../../http/uploads/receive-files.ts'
import { getVisibleTask, lockVisibleTask } from '../task-access/task-access.service.ts'
import { type AttachmentRow, toAttachment } from './attachment-view.ts'
import * as queries from './attachments.queries.ts'

type UploadDeps = Pick<Deps, 'db' | 'transact' | 'storage' | 'config' | 'clock' | 'log'>
type NewFile = StagedFile & { id: string }

/** Keeps the payload of a job small. */
const keysPerJob = 300
const processingRetrySeconds = 2

/** Refuses an upload before its body is read. @throws DomainError NOT_FOUND when the task is not visible to the actor */
export async function assertTaskVisible({ db }: Pick<Deps, 'db'>, actor: Actor, taskId: string): Promise<void> {
  await getVisibleTask(db, taskId, actor)
}

/**
 * Stores staged files as attachments of a task: the bytes first, then rows, jobs and audit events in one transaction, all
 * or none. Images are `processing` until the image worker has processed them.
 * @throws DomainError NOT_FOUND, and CONFLICT when the files exceed the organization's quota
 */
export async function addAttachments(
  deps: UploadDeps,
  actor: Actor,
  taskId: string,
  staged: StagedFile[],
  { origin }: { origin: Origin },
): Promise<Attachment[]> {
  const files = staged.map((file) => ({ ...file, id: newId() }))
  const task = await getVisibleTask(deps.db, taskId, actor)
  // Refuses early, before any byte is stored; the check under the lock decides.
  assertWithinQuota(deps, await queries.usedBytes(deps.db, task.organization_id), files)
  try {
    for (const { id, path } of files) await deps.storage.put(attachmentKeys(id).original, path)
    return await insertAll(deps, actor, taskId, files, origin)
  } catch (error) {
    await removeBytes(deps, files, error)
    throw error
  }
}

/** Lists the attachments of a task, the oldest first. @throws DomainError NOT_FOUND */
export async function listAttachments({ db }: Pick<Deps, 'db'>, actor: Actor, taskId: string): Promise<Attachment[]> {
  await getVisibleTask(db, taskId, actor)
  return (await queries.listAttachmentsOfTask(db, taskId)).map(toAttachment)
}

/** Returns an attachment. @throws DomainError NOT_FOUND, also when its task is not visible to the actor */
export async function getAttachment({ lookups }: Pick<Deps, 'lookups'>, actor: Actor, id: string): Promise<Attachment> {
  return toAttachment(await findOrThrow(lookups, actor, id))
}

/**
 * Returns the storage key and type of the bytes to serve. An image is not served before it has been processed: until then
 * its metadata may contain the place where it was taken.
 * @throws DomainError NOT_FOUND, and CONFLICT for a file that is not ready
 */
export async function locateContent(
  { lookups }: Pick<Deps, 'lookups'>,
  actor: Actor,
  id: string,
  variant: 'content' | 'thumbnail',
): Promise<{ key: string; filename: string; contentType: string; isImage: boolean }> {
  const row = await findOrThrow(lookups, actor, id)
  if (row.status === 'processing') {
    const message = 'This file is still being processed.'
    throw new DomainError('CONFLICT', { message, retryAfterSeconds: processingRetrySeconds })
  }
  if (row.status === 'failed') throw new DomainError('CONFLICT', { message: 'This file could not be processed.' })
  const key = variant === 'content' ? row.storage_key : row.thumbnail_key
  if (!key) throw new DomainError('NOT_FOUND', { message: 'This file has no thumbnail.' })
  const contentType = variant === 'content' ? row.content_type : 'image/webp'
  return { key, filename: row.filename, contentType, isImage: row.kind === 'image' }
}

/**
 * Deletes an attachment and enqueues the deletion of its bytes.
 * @returns the attachment as it was
 * @throws DomainError NOT_FOUND, and FORBIDDEN for an actor who neither uploaded it nor may delete the task
 */
export function deleteAttachment(
  { transact }: Pick<Deps, 'transact'>,
  actor: Actor,
  id: string,
  { origin }: { origin: Origin },
): Promise<Attachment> {
  return transact(async ({ trx, enqueue, audit }) => {
    const found = await findOrThrow(trx, actor, id)
    const task = { owner_id: found.owner_id, organization_id: found.task_organization_id }
    if (found.uploader_id !== actor.userId && !canDeleteTask(task, actor)) {
      throw new DomainError('FORBIDDEN', {
        message: 'Only its uploader, the owner of the task or an organization admin can delete this file.',
      })
    }
    const row = await queries.deleteAttachment(trx, id)
    if (!row) throw new DomainError('NOT_FOUND')
    enqueue(deleteFiles, { keys: everyKeyOf(row) })
    audit({
      ...eventOn('attachment', row.id, actor.userId, origin),
      action: 'attachment.deleted',
      before: summaryOf(row),
    })
    return toAttachment(row)
  })
}

/** Deletes the attachments of a task that is about to be deleted, and enqueues the deletion of their bytes. */
export async function deleteAttachmentsOfTask(
  { trx, enqueue }: Pick<TransactContext, 'trx' | 'enqueue'>,
  taskId: string,
): Promise<void> {
  const keys = (await queries.deleteAttachmentsOfTask(trx, taskId)).flatMap(everyKeyOf)
  for (let start = 0; start < keys.length; start += keysPerJob) {
    enqueue(deleteFiles, { keys: keys.slice(start, start + keysPerJob) })
  }
}

function insertAll(deps: UploadDeps, actor: Actor, taskId: string, files: NewFile[], origin: Origin) {
  return deps.transact(async ({ trx, enqueue, audit }) => {
    const task = await lockVisibleTask(trx, taskId, actor)
    await queries.lockQuota(trx, task.organization_id)
    assertWithinQuota(deps, await queries.usedBytes(trx, task.organization_id), files)
    const now = deps.clock.now()
    const target = { task_id: taskId, organization_id: task.organization_id, uploader_id: actor.userId }
    const values = files.map((file) => ({ ...toRow(file), ...target, created_at: now, updated_at: now }))
    const rows = await queries.insertAttachments(trx, values)
    for (const row of rows) {
      if (row.kind === 'image') enqueue(optimizeImage, { attachmentId: row.id })
      audit({
        ...eventOn('attachment', row.id, actor.userId, origin),
        action: 'attachment.created',
        after: summaryOf(row),
      })
    }
    return rows.map(toAttachment)
  })
}

const toRow = (file: NewFile) => ({
  id: file.id,
  filename: file.filename,
  content_type: file.contentType,
  kind: file.kind,
  status: file.kind === 'image' ? 'processing' : 'ready',
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
      log.warn({ err: cause }, 'removing the bytes of a refused upload failed, left to the orphan sweep'),
    )
}

function assertWithinQuota({ config }: Pick<Deps, 'config'>, used: number, files: { sizeBytes: number }[]): void {
  const wanted = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  if (used + wanted <= config.storageQuotaBytes) return
  throw new DomainError('CONFLICT', { message: 'Your organization has no storage left for these files.' })
}

async function findOrThrow(db: Parameters<typeof queries.findAttachment>[0], actor: Actor, id: string) {
  const row = await queries.findAttachment(db, id, actor)
  if (!row) throw new DomainError('NOT_FOUND')
  return row
}

const summaryOf = (row: AttachmentRow) => ({
  taskId: row.task_id,
  filename: row.filename,
  contentType: row.content_type,
  sizeBytes: row.size_bytes,
  status: row.status,
})
