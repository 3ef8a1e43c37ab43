import { z } from 'zod'
import { defineHint } from './define-job.ts'

/** Tells the audit worker that `audit_pending` has rows; its one-second sweep would find them too. */
export const chainAudit = defineHint({ queue: 'audit', name: 'chain-audit', payload: z.strictObject({}) })
