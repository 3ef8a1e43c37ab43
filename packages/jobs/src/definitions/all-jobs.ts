import { anonymisePeople } from './anonymise-people.ts'
import { chainAudit } from './chain-audit.ts'
import type { JobDefinition } from './define-job.ts'
import { deleteFiles } from './delete-files.ts'
import { expireInvites } from './expire-invites.ts'
import { fireReminder } from './fire-reminder.ts'
import { mailUnreadMessages } from './mail-unread-messages.ts'
import { notifyChat } from './notify-chat.ts'
import { notifyDue } from './notify-due.ts'
import { optimizeAvatar } from './optimize-avatar.ts'
import { optimizeGroupAvatar } from './optimize-group-avatar.ts'
import { optimizeImage } from './optimize-image.ts'
import { retentionJobs } from './retention-jobs.ts'
import { scanFile } from './scan-file.ts'
import { sendDigest } from './send-digest.ts'
import { sendEmail } from './send-email.ts'
import { sweepOrphans } from './sweep-orphans.ts'

/** Every job; a worker checks at start that each job of its queue has exactly one handler. */
export const allJobs: readonly JobDefinition[] = [
  anonymisePeople,
  chainAudit,
  deleteFiles,
  expireInvites,
  fireReminder,
  mailUnreadMessages,
  notifyChat,
  notifyDue,
  optimizeAvatar,
  optimizeGroupAvatar,
  optimizeImage,
  ...Object.values(retentionJobs),
  scanFile,
  sendDigest,
  sendEmail,
  sweepOrphans,
]
