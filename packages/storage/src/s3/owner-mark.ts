import { type OwnerMark, ownerMarkName, type S3Config } from '../storage.ts'
import type { S3Calls } from './client.ts'
import { faultOf, statusOf } from './errors.ts'

/** Keeps the id of the owner in an object beside the files. */
export function s3OwnerMark(calls: S3Calls, config: S3Config): OwnerMark {
  const object = { Bucket: config.bucket, Key: `${config.prefix}/${ownerMarkName}` }
  const write = async (id: string, condition: { IfNoneMatch?: '*' }) => {
    const { PutObjectCommand } = await calls.sdk()
    const command = new PutObjectCommand({ ...object, Body: id, ContentType: 'text/plain', ...condition })
    await calls.sendRaw((client, abortSignal) => client.send(command, { abortSignal }))
  }
  return {
    async read() {
      const { GetObjectCommand } = await calls.sdk()
      try {
        return await calls.sendRaw(async (client, abortSignal) => {
          const { Body } = await client.send(new GetObjectCommand(object), { abortSignal })
          return (await Body?.transformToString())?.trim()
        })
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchKey') return undefined
        throw faultOf(error, config)
      }
    },

    async claim(id) {
      try {
        await write(id, { IfNoneMatch: '*' })
      } catch (error) {
        if (statusOf(error) === 412) return
        // Some servers know no conditions.
        if (statusOf(error) !== 501) throw faultOf(error, config)
        await this.replace(id)
      }
    },

    async replace(id) {
      await write(id, {}).catch((error) => {
        throw faultOf(error, config)
      })
    },
  }
}
