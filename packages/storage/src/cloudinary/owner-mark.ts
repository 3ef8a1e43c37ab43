import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type CloudinaryConfig, type OwnerMark, ownerMarkName } from '../storage.ts'
import { type Limits, upload } from './calls.ts'
import { deliveryUrl, requestDelivery } from './delivery.ts'
import { refusedDelivery } from './errors.ts'

/** Keeps the id of the owner in a file beside the others. */
export function cloudinaryOwnerMark(config: CloudinaryConfig, limits: Limits): OwnerMark {
  const publicId = `${config.folder}/${ownerMarkName}`
  const write = async (id: string, overwrites: boolean) =>
    void (await upload(config, publicId, Readable.from([Buffer.from(id)]), limits, { overwrites }))
  return {
    async read() {
      const url = await deliveryUrl(config, publicId, Date.now())
      const answer = await requestDelivery(url, { method: 'GET', answerMs: limits.answerMs })
      if (answer.statusCode === 200) return (await text(answer)).trim()
      answer.destroy()
      if (answer.statusCode === 404) return undefined
      throw refusedDelivery(answer)
    },
    claim: (id) => write(id, false),
    replace: (id) => write(id, true),
  }
}
