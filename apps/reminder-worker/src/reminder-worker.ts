import { type RunningWorker, startWorker } from '@muster/jobs/worker'
import type { Deps } from './deps.ts'
import { startDuePoll } from './due/due-poll.ts'
import { fireReminderHandler } from './handlers/fire-reminder.ts'
import { mailUnreadMessagesHandler } from './handlers/mail-unread-messages.ts'
import { notifyChatHandler } from './handlers/notify-chat.ts'
import { notifyDueHandler } from './handlers/notify-due.ts'
import { sendDigestHandler } from './handlers/send-digest.ts'

/** Starts everything that this process does: it polls for due work, enqueues its jobs and processes them. */
export function startReminderWorker(
  deps: Deps,
  { concurrency, tickMs }: { concurrency: number; tickMs: number },
): Pick<RunningWorker, 'probe' | 'close'> {
  const poll = startDuePoll(deps, { tickMs })
  const handlers = [
    fireReminderHandler(deps),
    mailUnreadMessagesHandler(deps),
    notifyChatHandler(deps),
    notifyDueHandler(deps),
    sendDigestHandler(deps),
  ]
  const worker = startWorker({ queue: 'reminder', handlers, deps, concurrency })
  return {
    probe: worker.probe,
    async close(drainMs) {
      await poll.close()
      await worker.close(drainMs)
    },
  }
}
