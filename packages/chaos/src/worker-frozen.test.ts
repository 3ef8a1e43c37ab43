import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { muster } from './system/muster-command.ts'
import { type System, startSystem } from './system/system.ts'

let system: System
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.close())

/** A process is missed after 15 s. */
const patience = { timeoutMs: 60_000, intervalMs: 2_000 }

/** Runs `muster doctor`. @returns what it finds about processes */
async function processFindings(): Promise<string[]> {
  const { stdout } = await muster(['doctor', '--json'], system.env('api'))
  const { checks } = JSON.parse(stdout) as { checks: { name: string; findings: { id: string; what: string }[] }[] }
  return checks
    .filter(({ name }) => name === 'processes')
    .flatMap(({ findings }) => findings.map(({ id, what }) => `${id}: ${what}`))
}

test('doctor names a frozen worker: as missing when it is the only one of its kind, else as silent', async () => {
  const announced = (count: number) =>
    eventually(
      async () => expect(await system.redis.command('ZCARD', 'muster:processes')).toBe(`:${count}\r\n`),
      patience,
    )
  // The one that goes on is the older one: a newer one would count as the replacement of the frozen one.
  const running = await system.start('email-worker')
  await announced(1)
  const [alone, silent] = await Promise.all([system.start('audit-worker'), system.start('email-worker')])
  // A worker that is frozen before it announced itself is not known.
  await announced(3)
  for (const worker of [alone, silent]) worker.freeze()
  try {
    await eventually(async () => {
      const found = await processFindings()
      expect(found).toContainEqual(
        expect.stringMatching(`^process-missing: No audit-worker runs: the last one \\(pid ${alone.pid} of .* frozen`),
      )
      expect(found).toContainEqual(
        expect.stringMatching(`^process-silent: The email-worker pid ${silent.pid} on .* frozen`),
      )
      expect(found.join()).not.toContain(`pid ${running.pid} `)
    }, patience)
  } finally {
    for (const worker of [alone, silent]) worker.thaw()
  }
  await eventually(
    async () => expect((await processFindings()).join()).not.toMatch(/audit-worker|email-worker/),
    patience,
  )
}, 180_000)
