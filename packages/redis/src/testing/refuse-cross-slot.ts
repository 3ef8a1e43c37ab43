import { Command, Pipeline, Redis, ReplyError } from 'ioredis'
import { connectionName } from '../connection.ts'

/*
 * Makes one server refuse what a cluster refuses, in every test: a command, script, transaction or pipeline of Muster whose keys are in
 * different slots. The connections of tests themselves are not bound by it.
 */

const message = "CROSSSLOT Keys in request don't hash to the same slot: a Redis Cluster would refuse them"

const slotOf = (key: string | Buffer) => new Command('get', [key]).getSlot() as number
const slotsOf = (command: Command) => command.getKeys().map(slotOf)
const isOurs = (redis: unknown) => (redis as Redis).options?.connectionName === connectionName

const { sendCommand } = Redis.prototype
Redis.prototype.sendCommand = function (this: Redis, command: Command, stream) {
  if (!isOurs(this)) return sendCommand.call(this, command, stream)
  if (new Set(slotsOf(command)).size <= 1) return sendCommand.call(this, command, stream)
  command.reject(new ReplyError(message))
  return command.promise
}

/** `_transactions` is above 0 while ioredis appends EXEC to a transaction, which is executed by a second call. */
type Queued = { redis: unknown; _queue: Command[]; _transactions: number }
/** ioredis makes pipelines of its own from the commands of one moment, and separate ones for the nodes of a cluster. */
const isAutomatic = (pipeline: object) =>
  Object.getOwnPropertySymbols(pipeline).some(({ description }) => description === 'exec')

const { exec } = Pipeline.prototype
Pipeline.prototype.exec = function (this: InstanceType<typeof Pipeline>, ...args: Parameters<typeof exec>) {
  const { redis, _queue: queue, _transactions: open } = this as unknown as Queued
  const slots = new Set(queue.flatMap(slotsOf))
  if (open === 0 && isOurs(redis) && !isAutomatic(this) && slots.size > 1)
    return Promise.reject(new ReplyError(message))
  return exec.apply(this, args)
} as typeof exec
