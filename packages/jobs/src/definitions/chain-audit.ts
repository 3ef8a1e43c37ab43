import { defineSignal } from './define-job.ts'

/** Wakes the audit worker when `audit_pending` has rows; its own timer would find them up to a second later. */
export const chainAudit = defineSignal({ queue: 'audit', name: 'chain-audit' })
