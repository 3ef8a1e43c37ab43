import { chainAudit } from '@muster/jobs/definitions'
import { handle } from '@muster/jobs/worker'
import type { Chainer } from '../chain/chainer.ts'

/** The hint only comes earlier than the sweep would. */
export const chainAuditHandler = ({ chainer }: { chainer: Chainer }) => handle(chainAudit, () => chainer.drain())
