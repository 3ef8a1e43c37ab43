import type { Database } from '@muster/db'
import type { Attachment, ChatFile } from '@muster/realtime/shapes'
import type { Selectable } from 'kysely'

/** A row from a query or from aggregated JSON, in which instants are text. */
export type AttachmentRow = Omit<Selectable<Database['attachments']>, 'created_at' | 'updated_at'> & {
  created_at: Date | string
}

/** Converts the row of a file of a task to the shape of the API. */
export const toAttachment = (row: AttachmentRow): Attachment => ({ taskId: row.task_id as string, ...toFile(row) })

/** Converts the row of a file of a chat to the shape of the API. */
export const toChatFile = (row: AttachmentRow): ChatFile => ({ chatId: row.chat_id as string, ...toFile(row) })

function toFile(row: AttachmentRow): Omit<Attachment, 'taskId'> {
  const path = `/api/v1/attachments/${row.id}`
  return {
    id: row.id,
    filename: row.filename,
    contentType: row.content_type,
    size: row.size_bytes,
    status: row.status as Attachment['status'],
    url: row.status === 'ready' ? `${path}/content` : null,
    thumbnailUrl: row.status === 'ready' && row.thumbnail_key ? `${path}/thumbnail` : null,
    width: row.width_px,
    height: row.height_px,
    optimizationStats: statsOf(row),
    failureReason: row.failure_reason,
    createdAt: new Date(row.created_at).toISOString(),
  }
}

function statsOf({ original_size_bytes: originalSize, optimized_size_bytes: optimizedSize }: AttachmentRow) {
  if (optimizedSize === null) return null
  const saved = originalSize > 0 ? 1 - optimizedSize / originalSize : 0
  return { originalSize, optimizedSize, compressionRatio: Math.round(saved * 100) }
}
