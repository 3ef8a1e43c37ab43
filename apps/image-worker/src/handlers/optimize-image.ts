import { Readable } from 'node:stream'
import { optimizeImage } from '@muster/jobs/definitions'
import { handle } from '@muster/jobs/worker'
import { attachmentKeys } from '@muster/storage'
import { findAttachment, reopen } from '../attachments/attachments.queries.ts'
import { failByFault, finish, giveUp } from '../attachments/finish-attachment.ts'
import type { Deps } from '../deps.ts'
import { type OptimizedImage, optimize } from '../image/optimize.ts'
import type { InTurn } from '../turns.ts'
import { makeOrGiveUp } from '../uploads/make-image.ts'
import { whenStorageIsThere } from '../uploads/storage-errors.ts'

type Needs = Pick<Deps, 'db' | 'publisher' | 'storage' | 'clock'> & { inTurn: InTurn }

/**
 * Turns an uploaded image into its small version and thumbnail. A file that is no usable image is an outcome, not an
 * error: the attachment says why and the job is done. Storage that is away is waited for. What fails by a fault of
 * Muster keeps its bytes, and is taken up again when its failed job is retried.
 */
export function optimizeImageHandler(deps: Needs) {
  return handle(optimizeImage, async ({ attachmentId }, context) => {
    const attachment = await findAttachment(deps.db, attachmentId)
    // Deleted meanwhile, or finished by an earlier run.
    if (!attachment || !(attachment.status === 'processing' || (await reopen(deps.db, attachmentId)))) return
    const make = async (path: string, signal: AbortSignal) => {
      const image = await deps.inTurn(() => optimize(path, signal))
      return { image, keys: await store(deps, attachment.id, image) }
    }
    const made = await makeOrGiveUp(deps, attachment.storage_key, make, { ...context, job: optimizeImage })
    if ('fault' in made) return failByFault(deps, attachment, made)
    if ('failureReason' in made) return giveUp(deps, context.transact, attachment, made.failureReason)
    await finish(deps, context.transact, attachment, made.image, made.keys)
  })
}

async function store({ storage }: Pick<Deps, 'storage'>, attachmentId: string, { bytes, thumbnail }: OptimizedImage) {
  const { original: _, ...keys } = attachmentKeys(attachmentId)
  const putting = [
    storage.put(keys.optimized, Readable.from([bytes])),
    storage.put(keys.thumbnail, Readable.from([thumbnail])),
  ]
  await whenStorageIsThere(Promise.all(putting))
  return keys
}
