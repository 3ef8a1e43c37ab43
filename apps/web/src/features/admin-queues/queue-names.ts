import type { Queue } from '@muster/client'
import { m } from '../../paraglide/messages.js'

const names: Record<Queue['name'], () => string> = {
  email: m.ops_queues_name_email,
  image: m.ops_queues_name_image,
  reminder: m.ops_queues_name_reminder,
  audit: m.ops_queues_name_audit,
}

/** Returns what the pages call a queue. */
export const nameOfQueue = (name: Queue['name']): string => names[name]()
