import { type Principal, taskVisibleTo } from '@muster/policy'
import type { Attachment, ChatFile } from '@muster/realtime/shapes'
import type { Deps } from '../../deps.ts'
import { toAttachment, toChatFile } from './attachment-view.ts'
import { findFilesWithTasks } from './attachments.queries.ts'

/** A file as its events carry it, and who may know of it. */
export type FileEvent = { attachment: Attachment | ChatFile; isVisibleTo(principal: Principal): boolean }

/** Reads files for their events, by id. A file of a chat is only its uploader's, until a message has it and tells of it. */
export async function findFilesWithViewers(db: Deps['db'], ids: readonly string[]): Promise<Map<string, FileEvent>> {
  const rows = await findFilesWithTasks(db, ids)
  return new Map(
    rows.map(({ owner_id, assignee_id, task_organization_id, is_of_uploader, ...row }) => [
      row.id,
      owner_id === null
        ? {
            attachment: toChatFile(row),
            isVisibleTo: ({ userId }) => is_of_uploader === true && userId === row.uploader_id,
          }
        : {
            attachment: toAttachment(row),
            isVisibleTo: (principal) =>
              taskVisibleTo({ owner_id, assignee_id, organization_id: task_organization_id }, principal),
          },
    ]),
  )
}
