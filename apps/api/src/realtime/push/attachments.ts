import { findFilesWithViewers } from '../../modules/attachments/attachment-events.service.ts'
import type { Feature } from '../gateway.ts'
import { collectViewers } from './collect-viewers.ts'

/** Emits `attachment:updated`: of a file of a task to those who may see the task, of an unsent file of a chat to its uploader. */
export const pushAttachments: Feature = (gateway, { log }) => {
  collectViewers(gateway, log, {
    event: 'attachment',
    staleKind: 'attachments',
    async emitAll(rows) {
      const files = await findFilesWithViewers(gateway.signals.db, [...rows.keys()])
      for (const [attachmentId, { signal, connections }] of rows) {
        const file = files.get(attachmentId)
        const place = { taskId: signal.taskId ?? null, chatId: signal.chatId ?? null }
        // Of a deleted file the signal alone tells who could see it.
        const viewers = file ? [...connections].filter(({ actor }) => file.isVisibleTo(actor)) : connections
        gateway.emit(viewers, 'attachment:updated', { attachment: file?.attachment ?? null, attachmentId, ...place })
      }
    },
  })
  return undefined
}
