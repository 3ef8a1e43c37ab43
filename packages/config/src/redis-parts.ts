import { parseRedisUrl, RedisUrlError, redisUrlForms } from '@muster/redis/settings'
import { z } from 'zod'
import { flag, int } from './fields.ts'
import type { UrlForm } from './service-url.ts'
import { credentialsOf, encode, host, port, queryOf, urlOf } from './url-parts.ts'

/** A list such as `redis1:6379,redis2:6379`. */
const addresses = z
  .string()
  .transform((text) => text.replace(/\s/g, ''))
  .refine(
    (text) => /^(?:(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?(?:,|$))+$/i.test(text) && !text.endsWith(','),
    'write the addresses as host:port, separated by commas',
  )

/** Each says where Redis is, in one of three ways. */
const places = ['REDIS_HOST', 'REDIS_SENTINELS', 'REDIS_CLUSTER_NODES'] as const

/** The variables from which a URL of Redis is made. */
export const redisParts = z
  .object({
    REDIS_HOST: host.optional(),
    REDIS_PORT: port(6379),
    REDIS_SENTINELS: addresses.optional(),
    REDIS_SENTINEL_MASTER: z.string().optional(),
    REDIS_SENTINEL_USERNAME: z.string().optional(),
    REDIS_SENTINEL_PASSWORD: z.string().optional(),
    REDIS_CLUSTER_NODES: addresses.optional(),
    REDIS_USERNAME: z.string().optional(),
    REDIS_PASSWORD: z.string().optional(),
    REDIS_DB: int({ min: 0, max: 1_000_000, default: 0 }),
    REDIS_TLS: flag(false),
  })
  .superRefine((read, ctx) => {
    const refuse = (name: string, message: string) => ctx.addIssue({ code: 'custom', path: [name], message })
    const [first, second] = places.filter((place) => read[place] !== undefined)
    if (!first) refuse('REDIS_HOST', 'is missing')
    if (first && second) refuse(second, `is set, and so is ${first}; set one of them`)
    const sentinelParts = ['REDIS_SENTINEL_MASTER', 'REDIS_SENTINEL_USERNAME', 'REDIS_SENTINEL_PASSWORD'] as const
    if (first === 'REDIS_SENTINELS') {
      if (!read.REDIS_SENTINEL_MASTER) refuse('REDIS_SENTINEL_MASTER', 'is missing')
    } else {
      const part = sentinelParts.find((each) => read[each] !== undefined)
      if (first && part) refuse(part, `is set without REDIS_SENTINELS; set both or neither`)
    }
    if (first === 'REDIS_CLUSTER_NODES' && read.REDIS_DB !== 0)
      refuse('REDIS_DB', 'a cluster has only database 0; remove it')
  })

/** Composes the URL of Redis from its parts. */
export function composeRedisUrl(read: z.output<typeof redisParts>): string {
  const scheme = read.REDIS_TLS ? 'rediss' : 'redis'
  const credentials = credentialsOf(read.REDIS_USERNAME, read.REDIS_PASSWORD)
  if (read.REDIS_CLUSTER_NODES) return `${scheme}+cluster://${credentials}${read.REDIS_CLUSTER_NODES}`
  if (read.REDIS_SENTINELS) {
    const own = {
      sentinel_username: read.REDIS_SENTINEL_USERNAME,
      sentinel_password: read.REDIS_SENTINEL_PASSWORD,
    }
    const master = encode(read.REDIS_SENTINEL_MASTER ?? '')
    return `${scheme}+sentinel://${credentials}${read.REDIS_SENTINELS}/${master}/${read.REDIS_DB}${queryOf(own)}`
  }
  const { REDIS_USERNAME, REDIS_PASSWORD, REDIS_HOST = '', REDIS_PORT } = read
  return `${urlOf(scheme, REDIS_USERNAME, REDIS_PASSWORD, REDIS_HOST, REDIS_PORT)}/${read.REDIS_DB}`
}

export const redisUrlForm: Omit<UrlForm, 'parts'> = {
  protocol: /^rediss?(?:\+(?:sentinel|cluster))?:$/,
  form: redisUrlForms,
  faultOf(text) {
    try {
      parseRedisUrl(text)
      return undefined
    } catch (error) {
      if (error instanceof RedisUrlError) return error.message
      throw error
    }
  },
}
