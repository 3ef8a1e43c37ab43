import { seriesHistogram } from '@muster/telemetry'
import type { Command, Redis } from 'ioredis'

const observe = seriesHistogram({
  name: 'muster_redis_command_duration_seconds',
  help: 'Round trips to Redis: time from sending a command, or a pipeline of commands, to its first reply or its failure. Blocking commands of BullMQ are not counted.',
  buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
})({})

/** Measures the round trips of a connection: single commands, and the first command of each pipeline. Its duplicates, which BullMQ makes for blocking commands, are not measured. */
export function timeCommands<R extends Redis>(redis: R): R {
  const send = redis.sendCommand.bind(redis)
  let pipeline: unknown
  redis.sendCommand = (command, stream) => {
    const isFirst = stream === undefined || stream !== pipeline
    pipeline = stream
    // While the connection is not ready, commands are refused at once, or wait in memory and come again.
    if (isFirst && redis.status === 'ready') timeCommand(command)
    return send(command, stream)
  }
  return redis
}

/** Observes a command when it settles. Its own callbacks cost less than a further promise. */
function timeCommand(command: Command): void {
  const startMs = performance.now()
  const { resolve, reject } = command
  let isOpen = true
  const end = () => {
    if (isOpen) observe((performance.now() - startMs) / 1_000)
    isOpen = false
  }
  command.resolve = (reply) => {
    end()
    resolve(reply)
  }
  // On a cluster, a command that failed may be sent again, to another node.
  command.reject = (error) => {
    end()
    reject(error)
  }
}
