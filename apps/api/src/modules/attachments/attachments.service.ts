import type { Database } from '@muster/db'
import { DomainError } from '@muster/errors'
import { deleteFiles } from '@muster/jobs/definitions'
import type { TransactContext } from '@muster/jobs/outbox'
import { canDeleteTask } from '@muster/policy'
import type { Attachment } from '@muster/realtime/shapes'
import type { TaskPlace } from '@muster/signals'
import { everyKeyOf } from '@muster/storage'
import type { Selectable } from 'kysely'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { eventOn } from '../../http/event-on.ts'
import type { StagedFile } from '../../http/uploads/receive-files.ts'
import { getVisibleTask, lockVisibleTask } from '../task-access/task-access.service.ts'
import { toAttachment } from './attachment-view.ts'
import * as queries from './attachments.queries.ts'
import { fileSummary, signalTaskFile, storeFiles, type UploadDeps } from './store-files.ts'

/** Keeps the payload of a job small. */
const keysPerJob = 300
const processingRetrySeconds = 2

/** Refuses an upload before its body is read. @throws DomainError NOT_FOUND when the task is not visible to the actor */
export async function assertTaskVisible({ db }: Pick<Deps, 'db'>, actor: Actor, taskId: string): Promise<void> {
  await getVisibleTask(db, taskId, actor)
}

/**
 * Stores staged files as attachments of a task, all or none, see {@link storeFiles}.
 * @throws DomainError NOT_FOUND, and CONFLICT when the files exceed the organization's quota
 */
export async function addAttachments(
  deps: UploadDeps,
  actor: Actor,
  taskId: string,
  staged: StagedFile[],
  { origin }: { origin: Origin },
): Promise<Attachment[]> {
  const placeOf = (row: TaskRow) => ({ taskId, organizationId: row.organization_id, task: toPlace(row) })
  const rows = await storeFiles(
    deps,
    { actor, staged, origin },
    {
      find: async (db) => placeOf(await getVisibleTask(db, taskId, actor)),
      lock: async (trx) => placeOf(await lockVisibleTask(trx, taskId, actor)),
    },
  )
  return rows.map(toAttachment)
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
 * Returns the storage key and type of the bytes to serve, of a file of a task or of a chat. An image is not served before it has been processed: until then
 * its metadata may contain the place where it was taken.
 * @throws DomainError NOT_FOUND, and CONFLICT for a file that is not ready
 */
export async function locateContent(
  { lookups }: Pick<Deps, 'lookups'>,
  actor: Actor,
  id: string,
  variant: 'content' | 'thumbnail',
): Promise<{ key: string; filename: string; contentType: string; isImage: boolean }> {
  const row = await queries.findFile(lookups, id, actor)
  if (!row) throw new DomainError('NOT_FOUND')
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
  return transact(async (tx) => {
    const { trx, enqueue, audit } = tx
    const found = await findOrThrow(trx, actor, id)
    const task = {
      owner_id: found.owner_id,
      assignee_id: found.assignee_id,
      organization_id: found.task_organization_id,
    }
    if (found.uploader_id !== actor.userId && !canDeleteTask(task, actor)) {
      throw new DomainError('FORBIDDEN', {
        message: 'Only its uploader, the owner of the task or an organization admin can delete this file.',
      })
    }
    const row = await queries.deleteAttachment(trx, id)
    if (!row) throw new DomainError('NOT_FOUND')
    signalTaskFile(tx, row.id, { taskId: row.task_id as string, task: toPlace(task) })
    enqueue(deleteFiles, { keys: everyKeyOf(row) })
    audit({
      ...eventOn('attachment', row.id, actor.userId, origin),
      action: 'attachment.deleted',
      before: fileSummary(row),
    })
    return toAttachment(row)
  })
}

/**
 * Deletes the attachments of a task or of a message that is about to be deleted, and enqueues the deletion of their bytes.
 * Chats lock their row before.
 */
export async function deleteAttachmentsOf(
  { trx, enqueue }: Pick<TransactContext, 'trx' | 'enqueue'>,
  of: { taskId: string } | { messageId: string },
): Promise<void> {
  const keys = (await queries.deleteAttachmentsOf(trx, of)).flatMap(everyKeyOf)
  for (let start = 0; start < keys.length; start += keysPerJob) {
    enqueue(deleteFiles, { keys: keys.slice(start, start + keysPerJob) })
  }
}

type TaskRow = Pick<Selectable<Database['tasks']>, 'owner_id' | 'assignee_id' | 'organization_id'>

const toPlace = (row: TaskRow): TaskPlace => ({
  ownerId: row.owner_id,
  assigneeId: row.assignee_id,
  organizationId: row.organization_id,
})

async function findOrThrow(db: Parameters<typeof queries.findAttachment>[0], actor: Actor, id: string) {
  const row = await queries.findAttachment(db, id, actor)
  if (!row) throw new DomainError('NOT_FOUND')
  return row
}
