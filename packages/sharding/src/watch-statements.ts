import pg from 'pg'
import { afterAll } from 'vitest'
import { violationOf } from './violation.ts'

/** The statements that the tests of this process executed. Setup files are loaded anew for each file of tests, the driver is not. */
type Watch = { known: Set<string>; found: Set<string> }

const key = Symbol.for('muster.statements')
const holder = globalThis as { [key]?: Watch }
const watch: Watch = holder[key] ?? startWatch()
const maxFrames = 60

afterAll(() => {
  const found = [...watch.found]
  watch.found.clear()
  if (found.length > 0) throw new Error(found.join('\n\n'))
})

/** Analyses every statement that is executed, once. */
function startWatch(): Watch {
  const started: Watch = { known: new Set(), found: new Set() }
  holder[key] = started
  const client = pg.Client.prototype as unknown as { query(config: unknown, ...rest: unknown[]): unknown }
  const { query } = client
  client.query = function (this: unknown, config: unknown, ...rest: unknown[]) {
    const text = typeof config === 'string' ? config : (config as { text?: unknown } | null)?.text
    if (typeof text === 'string' && !started.known.has(text)) {
      started.known.add(text)
      const violation = violationOf(text, longStack)
      if (violation !== undefined) started.found.add(violation)
    }
    return query.call(this, config, ...rest)
  }
  return started
}

/** Returns the stack with more frames than usual: those of Kysely stand between the driver and the file. */
function longStack(): string {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = maxFrames
  const { stack = '' } = new Error()
  Error.stackTraceLimit = stackTraceLimit
  return stack
}
