import { httpUrl } from '@muster/config'
import { createDb } from '@muster/db'
import { openQueueMonitor } from '@muster/jobs/admin'
import { z } from 'zod'
import type { Given, Result } from '../command.ts'
import { checked, readServices } from '../environment.ts'
import { type Surroundings, surroundings } from '../surroundings.ts'
import { askOpsPorts } from './ask-ops.ts'
import { createPainter } from './painter.ts'
import { readStatus } from './read-status.ts'
import { renderStatus } from './render-status.ts'
import { showLive } from './show-live.ts'

const patienceMs = 1_500
const pipedColumns = 120
/** Where the processes of one machine listen by default. */
const defaultPorts = [9100, 9101, 9102, 9103, 9104]

const options = z.object({
  interval: z.coerce.number('is not a number of seconds').min(0.5).max(3_600).default(2),
  ops: z
    .string()
    .transform((text) => text.split(',').map((url) => url.trim()))
    .pipe(z.array(httpUrl()))
    .optional(),
})

/** Shows what the installation does: refreshed in place on a terminal, once for a pipe, `--once` and `--json`. */
export async function showStatus({ options: given, flags }: Given): Promise<Result> {
  const { interval, ops } = checked(options, given)
  const { database, redis } = readServices()
  const around = surroundings()
  const { stdout } = around
  const db = createDb({
    ...database,
    poolMax: 4,
    connectTimeoutMs: patienceMs,
    statementTimeoutMs: patienceMs,
    applicationName: 'muster-cli',
  })
  const monitor = openQueueMonitor(redis, { patienceMs })
  const urls = ops ?? defaultPorts.map((port) => `http://127.0.0.1:${port}`)
  const read = () => readStatus({ db, monitor, askOps: () => askOpsPorts(urls, ops !== undefined) })
  try {
    const isLive = stdout.isTTY && !flags.has('once') && !flags.has('json')
    const status = isLive
      ? await showLive({
          read,
          render: (value, place) => renderStatus(value, { ...place, paint: createPainter(hasColours(around)) }),
          everyMs: interval * 1_000,
        })
      : await read()
    return {
      data: status,
      lines: isLive
        ? []
        : renderStatus(status, { columns: stdout.columns ?? pipedColumns, paint: createPainter(false) }),
      isWell: Object.values(status.dependencies).every((one) => one.status === 'up'),
    }
  } finally {
    monitor.close()
    // A connection to a server that is frozen never ends by itself.
    void db.destroy().catch(() => {})
  }
}

/** See https://no-color.org. */
const hasColours = ({ env }: Surroundings) => !env.NO_COLOR && env.TERM !== 'dumb'
