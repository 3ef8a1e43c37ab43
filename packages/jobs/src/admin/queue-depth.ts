import type { RedisClient } from '@muster/redis'
import type { Queue } from 'bullmq'

/** Jobs of one queue in BullMQ that are to be done now, at one moment. */
export type QueueDepth = {
  /** Also those that a paused queue keeps. */
  waiting: number
  prioritized: number
  /** Delayed jobs that are due. While no worker runs, nobody moves them to the waiting ones. */
  dueDelayed: number
  /** All delayed jobs. */
  delayed: number
  active: number
  /** How many of the given jobs BullMQ does not know. */
  unknown: number
  /** How long the job that waits the longest has been due; 0 when none waits. */
  oldestMs: number
}

/**
 * Reads all of it at one moment, so that no job is counted twice while it moves.
 * BullMQ keeps ids in the lists `wait` (added at the head; renamed to `paused` while the queue is paused) and `active`, and in the sorted sets `prioritized` and `delayed`, whose
 * scores are milliseconds times 4096. A job's hash keeps its time of publication and its options with the first delay.
 */
const script = `
local wait, prioritized, delayed, active, paused = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local latest = tonumber(ARGV[1]) * 4096 + 4095
local oldest = false
local function dueAt(ids)
  for _, id in ipairs(ids) do
    local job = redis.call('HMGET', ARGV[2] .. id, 'timestamp', 'opts')
    if job[1] then
      local read, options = pcall(cjson.decode, job[2] or '{}')
      local due = tonumber(job[1]) + (read and tonumber(options['delay']) or 0)
      if not oldest or due < oldest then oldest = due end
    end
  end
end
dueAt(redis.call('LRANGE', wait, -1, -1))
dueAt(redis.call('LRANGE', paused, -1, -1))
dueAt(redis.call('ZRANGE', prioritized, 0, 0))
local nextDelayed = redis.call('ZRANGEBYSCORE', delayed, '-inf', latest, 'WITHSCORES', 'LIMIT', 0, 1)
if nextDelayed[2] then
  local due = math.floor(tonumber(nextDelayed[2]) / 4096)
  if not oldest or due < oldest then oldest = due end
end
local unknown = 0
for i = 6, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 0 then unknown = unknown + 1 end
end
return {
  redis.call('LLEN', wait) + redis.call('LLEN', paused), redis.call('ZCARD', prioritized), redis.call('ZCOUNT', delayed, '-inf', latest),
  redis.call('ZCARD', delayed), redis.call('LLEN', active), unknown, oldest and string.format('%.0f', oldest)
}`

type Answer = [number, number, number, number, number, number, string | null]

/**
 * Counts the jobs of a queue in BullMQ that are to be done now.
 * @param options.jobIds ids of outbox rows, which may have been published or not
 * @throws when Redis is unavailable
 */
export async function readQueueDepth(
  redis: Pick<RedisClient, 'eval'>,
  queue: Queue,
  { nowMs, jobIds = [] }: { nowMs: number; jobIds?: readonly string[] },
): Promise<QueueDepth> {
  const keys = ['wait', 'prioritized', 'delayed', 'active', 'paused', ...jobIds].map(queue.toKey)
  const answer = (await redis.eval(script, keys.length, ...keys, nowMs, queue.toKey(''))) as Answer
  const [waiting, prioritized, dueDelayed, delayed, active, unknown, oldest] = answer
  return {
    waiting,
    prioritized,
    dueDelayed,
    delayed,
    active,
    unknown,
    oldestMs: oldest === null ? 0 : Math.max(0, nowMs - Number(oldest)),
  }
}
