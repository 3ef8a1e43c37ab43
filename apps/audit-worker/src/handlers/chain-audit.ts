import { chainAudit } from '@muster/jobs/definitions'
import { handle } from '@muster/jobs/worker'
import type { Chainer } from '../chain/chainer.ts'

/** Chains pending audit events at once. The job is only a wake-up signal: without it the next poll chains them. */
export const chainAuditHandler = ({ chainer }: { chainer: Chainer }) => handle(chainAudit, () => chainer.drain())
