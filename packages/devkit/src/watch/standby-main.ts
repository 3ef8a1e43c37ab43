import { once } from 'node:events'
import { flushCompileCache } from 'node:module'

/**
 * Loaded before an app that is watched. In a process that stands by, it loads the dependencies of the app, and waits for the word to run it:
 * then only the bundle of Muster's own sources is left to load. The parent sends `{ dependencies }`, their URLs, and `run`.
 */
type Dependencies = { dependencies: string[] }

if (process.env.MUSTER_STANDBY && process.send) {
  // Without its parent nobody would ever give the word.
  const exit = () => process.exit()
  process.once('disconnect', exit)
  const [{ dependencies }] = (await once(process, 'message')) as [Dependencies]
  // A dependency that does not load fails again, with a message, where the app imports it.
  for (const url of dependencies) await import(url).catch(() => {})
  process.send?.('warm')
  await once(process, 'message')
  process.off('disconnect', exit)
  process.disconnect?.()
  delete process.env.MUSTER_STANDBY
}

// Node writes its cache of compiled modules when a process exits, and a restart for new code may kill it.
for (const ms of [3_000, 15_000]) setTimeout(flushCompileCache, ms).unref()
