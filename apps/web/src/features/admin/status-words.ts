import type { InstallationStatus } from '@muster/client'
import { m } from '../../paraglide/messages.js'

type Part = InstallationStatus['unknown'][number]['part']

const parts: Record<Part, () => string> = {
  processes: m.ops_status_processes,
  queues: m.ops_queues_queues,
  mails: m.ops_status_mails,
  auditLag: m.ops_status_audit_lag,
  reminders: m.ops_status_reminders,
}

/** Returns what the pages call a part of the status. */
export const nameOfPart = (part: Part): string => parts[part]()
