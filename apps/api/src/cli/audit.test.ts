import { formatHead, keepAnnouncedHead, signHead } from '@muster/audit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { chainEvents, tamper } from '../modules/audit/testing/audit-fixtures.ts'
import { buildTestApp, type TestApp } from '../testing/api.ts'
import { muster, ringText } from './testing/cli-fixtures.ts'

let api: TestApp
beforeEach(async () => {
  api = await buildTestApp()
})
afterEach(() => api.close())

const env = { AUDIT_KEYS: ringText({ k1: 7 }) }
const verify = (args = '', input = '') => muster(api, `audit verify${args}`, { env, input })
const headNow = async () => {
  const { seq, hash } = await api.db.selectFrom('audit_chain_head').select(['seq', 'hash']).executeTakeFirstOrThrow()
  return signHead(api.deps.config.keys.audit, { seq, hash: hash.toString('hex') })
}
/** Takes the end away, and the database's own note of it. */
async function cutOff(seq: number) {
  await tamper(api.db, `delete from audit_events where seq > ${seq}`)
  await tamper(
    api.db,
    `update audit_chain_head set seq = ${seq}, hash = (select hash from audit_events where seq = ${seq})`,
  )
}

test('a whole chain is told as such, and a changed row by its number and event', async () => {
  const ids = await chainEvents(api, 30)
  await keepAnnouncedHead(api.redis, await headNow())
  const whole = await verify()
  expect([whole.code, whole.stdout]).toEqual([
    0,
    expect.stringMatching(/^30 events .* 1 signed heads\.\nThe chain is whole\.\n$/),
  ])
  await tamper(api.db, `update audit_events set target_id = 'another' where seq = 12`)
  const broken = await verify()
  expect([broken.code, broken.stdout]).toEqual([1, expect.stringMatching(`changed +12 \\(event ${ids[11]}\\)`)])
  const { faults, ok } = JSON.parse((await verify(' --json')).stdout)
  expect({ ok, faults }).toEqual({ ok: false, faults: [{ kind: 'changed', seq: 12, eventId: ids[11] }] })
})

test('an end that was cut off shows against a head that was kept: by itself, or in the log of the audit worker', async () => {
  await chainEvents(api, 10)
  const head = await headNow()
  await cutOff(4)
  const without = await verify()
  expect([without.code, without.stdout]).toEqual([0, expect.stringContaining('compared with no signed head')])
  const log = `{"level":30,"msg":"started"}\nno JSON\n${JSON.stringify({ level: 30, head, msg: 'audit chain head' })}\n`
  for (const run of [await verify(` --head ${formatHead(head)}`), await verify(' --heads -', log)]) {
    expect([run.code, run.stdout]).toEqual([1, expect.stringMatching(/cut-off +5 to 10/)])
  }
})

test('a head that is none, and a file without one, are refused rather than passed over', async () => {
  const runs = [
    await verify(' --head nonsense'),
    await verify(' --heads -', 'nothing here\n'),
    await verify(' --wrong'),
  ]
  expect(runs.map(({ code }) => code)).toEqual([1, 1, 2])
  expect(runs[1]?.stderr).toContain('there is no signed head')
  const { code, stderr } = await muster(api, 'audit verify')
  expect([code, stderr]).toEqual([1, expect.stringContaining('AUDIT_KEYS')])
})
