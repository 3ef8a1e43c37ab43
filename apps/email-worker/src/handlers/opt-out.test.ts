import { templates, userIdOfOptOut } from '@muster/mail'
import { insertUser } from '@muster/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { createHarness, type Harness } from '../testing/harness.ts'
import { samples } from '../testing/samples.ts'
import { type SmtpPeer, startSmtpPeer } from '../testing/smtp-peer.ts'

let harness: Harness
let peer: SmtpPeer
beforeEach(async () => {
  harness = await createHarness()
  peer = await startSmtpPeer()
})
afterEach(async () => {
  await peer.close()
  await harness.close()
})

const digest = samples.find(({ name }) => name === 'morning-digest')?.data as never
const headerOf = (name: string, raw = '') =>
  new RegExp(`^${name}:\\s+(.*(?:\r\n[ \t].*)*)`, 'mi').exec(raw)?.[1]?.trim()

test('a digest has the one-click unsubscribe headers of RFC 8058, with a token that is not stored', async () => {
  const { id: userId } = await insertUser(harness.db)
  const to = harness.address()
  const emailId = await harness.sendMail({ template: 'morning-digest', to, userId, data: digest })
  harness.startWorker({ smtpUrl: peer.url })
  const row = await harness.waitForStatus(emailId, 'sent')
  const { raw } = peer.received[0] ?? {}
  expect(headerOf('List-Unsubscribe-Post', raw)).toBe('List-Unsubscribe=One-Click')
  const [, url = ''] = /^<([^>]+)>$/.exec(headerOf('List-Unsubscribe', raw) ?? '') ?? []
  const { origin, pathname, searchParams } = new URL(url)
  expect(`${origin}${pathname}`).toBe('https://api.muster.example/api/v1/unsubscribe')
  const token = searchParams.get('token') ?? ''
  const ring = { currentId: 'k1', keys: new Map([['k1', harness.codeKey]]) }
  expect(userIdOfOptOut(ring, templates['morning-digest'].optOut, token)).toBe(userId)
  expect(JSON.stringify(row)).not.toContain(token.split('.')[1])
})

test('other mails, and a digest without a user, have no unsubscribe headers', async () => {
  const { id: userId } = await insertUser(harness.db)
  const ids = [
    await harness.sendMail({ template: 'welcome', to: harness.address(), userId, data: { name: 'Ada' } }),
    await harness.sendMail({ template: 'morning-digest', to: harness.address(), data: digest }),
  ]
  harness.startWorker({ smtpUrl: peer.url })
  for (const id of ids) await harness.waitForStatus(id, 'sent')
  expect(peer.received).toHaveLength(2)
  for (const { raw } of peer.received) expect(raw).not.toMatch(/unsubscribe/i)
})

test('in production a start without an https PUBLIC_URL is refused', () => {
  const production = { ...harness.environment('smtp://127.0.0.1:1'), NODE_ENV: 'production' }
  expect(() => readConfig({ ...production, PUBLIC_URL: 'http://api.example' })).toThrow(/PUBLIC_URL/)
  expect(() => readConfig({ ...production, PUBLIC_URL: undefined })).toThrow(/PUBLIC_URL/)
  expect(readConfig({ ...production, PUBLIC_URL: 'https://api.example/' }).publicUrl).toBe('https://api.example')
})
