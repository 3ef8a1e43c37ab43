import { probeRedis } from '@muster/jobs/redis'
import {
  assertNoEviction,
  describeRedis,
  ForeignRedisError,
  mastersOf,
  type RedisClient,
  RedisRefusal,
  readRedisOwner,
} from '@muster/redis'
import type { ServicePlace } from '@muster/remedies'
import { connectionNeeds } from '../connection-needs.ts'
import { type Notes, Unchecked } from '../finding.ts'
import type { Tools } from '../tools.ts'
import { noteFailure } from './postgres.ts'

/** BullMQ needs it. */
const oldestVersion = [6, 2] as const
const fullShare = 0.9
const oneOfEach = { api: 1, 'email-worker': 1, 'audit-worker': 1, 'reminder-worker': 1, 'image-worker': 1 }

/** Connects to Redis as the processes do, and looks at its mode, owner, memory and connections. */
export async function checkRedis(tools: Tools, notes: Notes): Promise<void> {
  const { settings, places } = tools
  if (!settings.redis) throw new Unchecked('The settings of Redis are missing or faulty.')
  const service = places.redis(settings.redis)
  notes.fact(`${describeRedis(settings.redis)}.`)
  try {
    const redis = await tools.connectRedis()
    const servers = await Promise.all(mastersOf(redis).map(async (server) => readInfo(await server.info())))
    if (servers.some((info) => noteMode(info, service, notes))) return
    for (const info of servers) noteServer(info, notes)
    await noteEviction(redis, notes)
    if (await noteOwner(tools, redis, notes)) return
    await probeRedis(redis)
  } catch (error) {
    if (error instanceof Unchecked) throw error
    noteFailure(notes, service, error)
  }
}

type Info = Readonly<Record<string, string>>

const readInfo = (text: string): Info =>
  Object.fromEntries([...text.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name, value]) => [name as string, value ?? '']))

/** Notes a server of another kind than the address says. @returns whether it is one, so that nothing more can be said */
function noteMode(info: Info, { variables }: ServicePlace, notes: Notes): boolean {
  const found = (what: string, remedy: string) => {
    notes.find({ id: 'redis-mode', severity: 'error', what: `${what} (${variables}).`, remedy })
    return true
  }
  if (info.redis_mode === 'sentinel')
    return found(
      'The address of Redis is that of a sentinel',
      'Write redis+sentinel://…/name-of-the-master with all sentinels.',
    )
  if (info.role === 'slave')
    return found(
      'The address of Redis is that of a replica, which takes no writes',
      'Name the master; behind sentinels, write redis+sentinel://…/name-of-the-master.',
    )
  return false
}

function noteServer(info: Info, notes: Notes): void {
  const { redis_version: version = '', maxmemory = '0', used_memory: used = '0' } = info
  notes.fact(`Redis ${version} (${info.redis_mode}), ${(Number(used) / 1024 ** 2).toFixed(0)} MiB used.`)
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < oldestVersion[0] || (major === oldestVersion[0] && minor < oldestVersion[1]))
    notes.find({
      id: 'redis-version',
      severity: 'error',
      what: `Redis ${version} is older than ${oldestVersion.join('.')}, which the queues need.`,
      remedy: 'Upgrade Redis to 7 or newer.',
    })
  if (Number(maxmemory) > 0 && Number(used) > Number(maxmemory) * fullShare)
    notes.find({
      id: 'redis-memory',
      severity: 'warning',
      what: `Redis uses ${Math.round((Number(used) / Number(maxmemory)) * 100)} % of its maxmemory, and refuses writes when it is full.`,
      remedy: 'Raise maxmemory, or find out which queue grows (`muster queues list`).',
    })
  if (info.rdb_last_bgsave_status === 'err' || info.aof_last_write_status === 'err')
    notes.find({
      id: 'redis-disk',
      severity: 'error',
      what: 'Redis could not write its data to its disk.',
      remedy: 'Free some space there, or correct the permissions of its folder; its log names the reason.',
    })
  noteClients(info, notes)
}

function noteClients({ maxclients, connected_clients: connected = '0' }: Info, notes: Notes): void {
  // Redis before 7 does not tell its limit without the command CONFIG.
  if (!maxclients) return
  const { needed } = connectionNeeds(oneOfEach, { poolMax: 1, pooler: 'session' })
  const isFull = Number(connected) > Number(maxclients) * fullShare
  notes.fact(`${connected} of ${maxclients} clients are connected.`)
  if (!isFull && Number(maxclients) >= needed.maxClients) return
  notes.find({
    id: 'redis-connections',
    severity: 'warning',
    what: `Redis allows ${maxclients} clients; ${connected} are connected, and one process of each kind needs up to ${needed.maxClients}.`,
    remedy: 'Raise maxclients; `muster connections` adds up all processes.',
  })
}

async function noteEviction(redis: RedisClient, notes: Notes): Promise<void> {
  await assertNoEviction(redis).catch((error: unknown) => {
    if (!(error instanceof RedisRefusal)) throw error
    const [what = '', remedy = ''] = error.message.split('; ')
    notes.find({
      id: 'redis-eviction',
      severity: 'error',
      what: `${what}, so that jobs would vanish when its memory is full.`,
      remedy: `In redis.conf and at once by CONFIG SET: ${remedy}`,
    })
  })
}

/** @returns whether Redis belongs to another installation */
async function noteOwner(tools: Tools, redis: RedisClient, notes: Notes): Promise<boolean> {
  const installationId = await tools.installationId().catch(() => undefined)
  const owner = await readRedisOwner(redis)
  if (!owner) notes.fact('Redis has no owner yet: the first process that starts makes it its own.')
  if (!owner || !installationId || owner === installationId) return false
  const [what = '', ...remedy] = new ForeignRedisError(owner, installationId).message.split(/(?<=\.) /)
  notes.find({ id: 'redis-owner', severity: 'error', what, remedy: remedy.join(' ') })
  return true
}
