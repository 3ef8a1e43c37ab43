import type { QueueStatus } from '@muster/client'
import { m } from '../../paraglide/messages.js'

export type QueueName = QueueStatus['name']

/** Tells whether a text of an address names a queue. */
export const isQueueName = (text: string): text is QueueName => Object.hasOwn(retryEffects, text)

/** The effect of a retry of a queue's failed jobs, in words. */
const retryEffects: Record<QueueName, () => string> = {
  email: m.ops_queues_retry_effect_email,
  image: m.ops_queues_retry_effect_image,
  reminder: m.ops_queues_retry_effect_reminder,
  audit: m.ops_queues_retry_effect_audit,
}

/** Returns what happens when failed jobs of a queue run again. */
export const retryEffectOf = (name: QueueName): string => retryEffects[name]()
