import { formatHead, keepAnnouncedHead, signHead } from '@muster/audit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { chainEvents, tamper } from '../modules/audit/testing/audit-fixtures.ts'
import { buildTestApp, type TestApp } from '../testing/test-app.ts'
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
/** Cuts off the end of the chain, together with the database's record of it. */
async function cutOff(seq: number) {
  await tamper(api.db, `delete from audit_events where seq > ${seq}`)
  await tamper(
    api.db,
    `update audit_chain_head set seq = ${seq}, hash = (select hash from audit_events where seq = ${seq})`,
  )
}

test('audit verify confirms a whole chain, and names a changed row by its number and event', async () => {
  const ids = await chainEvents(api, 30)
  await keepAnnouncedHead(api.redis, await headNow())
  const whole = await verify()
  expect([whole.code, whole.stdout]).toEqual([
    0,
    expect.stringMatching(/^30 events .* 1 signed heads\.\nThe chain is valid\.\n$/),
  ])
  await tamper(api.db, `update audit_events set target_id = 'another' where seq = 12`)
  const broken = await verify()
  expect([broken.code, broken.stdout]).toEqual([1, expect.stringMatching(`changed +12 \\(event ${ids[11]}\\)`)])
  const { faults, ok } = JSON.parse((await verify(' --json')).stdout)
  expect({ ok, faults }).toEqual({ ok: false, faults: [{ kind: 'changed', seq: 12, eventId: ids[11] }] })
})

test('audit verify finds a cut-off end by a head that was kept, bare or in the audit worker’s log', async () => {
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

test('audit verify refuses a malformed head and a file without heads', async () => {
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
