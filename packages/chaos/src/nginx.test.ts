import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { freePort, startReaper } from '@muster/devkit'
import { type Authority, createAuthority, eventually, findProgram, isLongForm } from '@muster/testing'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCrew } from './conversation/crew.ts'
import type { Participant } from './conversation/participant.ts'
import { type Nginx, startNginx } from './faults/nginx.ts'
import type { App } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'
import { createHttp2Client, openPollingSocket, repeat, sendHttps } from './users/behind-proxy.ts'
import { createTask, newTaskBody } from './users/fixtures.ts'
import { startLoad } from './users/load.ts'
import { createUser, type User } from './users/user.ts'

const program = findProgram('nginx')
const reaper = startReaper()
let home: string
let authority: Authority
let system: System
let nginx: Nginx
let user: User
let first: App
let second: App
let secondPort: number

const limit = { timeout: 300_000 }
const systemCas = getCACertificates('default')

beforeAll(async () => {
  if (!program) return
  home = await mkdtemp(join(tmpdir(), 'muster-nginx-'))
  ;[system, authority] = await Promise.all([startSystem(), createAuthority()])
  setDefaultCACertificates([...systemCas, readFileSync(authority.ca, 'utf8')])
  secondPort = await freePort()
  const certificate = await authority.issue('nginx', ['IP:127.0.0.1'])
  const port = await freePort()
  nginx = await startNginx({ program, home, reaper, port, apis: [system.apiUrl], certificate })
  ;[first] = await Promise.all([startApi(), system.start('email-worker')])
  user = createUser({ ...system, apiUrl: nginx.url })
  for (const step of [user.register, user.verify]) expect((await step()).status).toBeLessThan(300)
})
afterAll(async () => {
  setDefaultCACertificates(systemCas)
  await nginx?.stop()
  await system?.close()
  await authority?.remove()
  reaper.dismiss()
  if (home) await rm(home, { recursive: true, force: true })
})

test.runIf(!program)('the tests of the nginx example need nginx: install the package `nginx`', () => {})

/** Starts the API on this port, as it is configured behind the proxy. */
const startApi = (port = Number(new URL(system.apiUrl).port), env: Record<string, string> = {}) =>
  system.start('api', { port, env: { PUBLIC_URL: nginx.url, TRUSTED_PROXIES: '127.0.0.1', ...env } })

/** Starts a second API, and waits until nginx leads to it: reloading goes on after the command. */
async function addSecond(env: Record<string, string> = {}): Promise<void> {
  second = await startApi(secondPort, env)
  await nginx.lead([first.url, second.url])
  await eventually(async () => {
    await user.request('GET', '/users/me')
    expect(nginx.accessLog().map(({ api }) => api)).toContain(new URL(second.url).host)
  })
}

test.runIf(program && isLongForm)(
  'a second API and a rolling restart of both fail no request, and sockets resume',
  limit,
  async () => {
    const [ann, bo] = (await startCrew(system, 2, [nginx.url])) as [Participant, Participant]
    const chat = await ann.muster.chats.create({ type: 'direct', userId: bo.userId })
    await bo.muster.chat(chat.id).open()
    const cookie = bo.cookies.headerFor(new URL(nginx.url))
    const polling = Array.from({ length: 5 }, () => openPollingSocket(nginx.url, cookie))
    await Promise.all(polling.map(({ socket }) => eventually(() => expect(socket.connected).toBe(true))))

    const load = startLoad([nginx.url], user.cookieHeader(), { likeBrowser: true, pauseMs: 50 })
    const [taskId, picture] = [await createTask(user), await renderPicture()]
    const uploads = repeat(() => upload(taskId, picture))
    const http2Client = createHttp2Client(nginx.url)
    const http2 = repeat(async () => {
      const headers = { cookie: user.cookieHeader(), 'content-type': 'application/json' }
      await http2Client.send('POST', '/api/v1/tasks', headers, JSON.stringify(newTaskBody('Over HTTP/2')))
      await http2Client.send('GET', '/api/v1/tasks?limit=5', headers)
    })
    const chatting = repeat(async () => ann.say(chat.id, `word ${ann.ledger.length}`))
    const moreResponses = async () => {
      const before = load.responseCount()
      await eventually(() => expect(load.responseCount()).toBeGreaterThan(before + 60), { timeoutMs: 60_000 })
    }
    await moreResponses()

    // This nginx asks nobody for readiness, so that no delay is needed, and one does no harm.
    await addSecond({ SHUTDOWN_DELAY_MS: '1000' })
    await moreResponses()

    expect((await first.terminate()).code).toBe(0)
    await moreResponses()
    first = await startApi()
    await moreResponses()
    expect((await second.terminate()).code).toBe(0)
    await moreResponses()
    second = await startApi(secondPort)
    await moreResponses()

    const { failures, createdTaskIds } = await load.stop()
    await chatting.stop()
    expect([failures, await uploads.stop(), await http2.stop()]).toEqual([[], [], []])
    await system.start('audit-worker')
    await eventually(
      async () =>
        expect(await system.inspector.auditCounts('task.created', createdTaskIds)).toEqual(createdTaskIds.map(() => 1)),
      { timeoutMs: 60_000 },
    )

    await eventually(() => {
      const received = bo.muster
        .chat(chat.id)
        .getSnapshot()
        .messages.map(({ id }) => id)
      expect(ann.ledger.filter(({ id }) => !received.includes(id))).toEqual([])
    })
    expect([ann.refused, ann.faults, bo.faults]).toEqual([[], [], []])
    await ann.muster.chat(chat.id).send('The end').whenSent()
    for (const { socket, bodies } of polling) {
      await eventually(() => expect(bodies).toContain('The end'))
      socket.disconnect()
    }
    http2Client.close()
    await Promise.all([ann.close(), bo.close()])
  },
)

test.skipIf(!program)('a killed API fails no read, and no write that it got is sent to another one', async () => {
  if (!isLongForm) await addSecond()
  // What it has got lies in its sockets, and is never begun.
  second.freeze()
  let answered = 0
  const titles = Array.from({ length: 12 }, (_, index) => `Once ${index}`)
  const writes = titles.map(async (title) => {
    const { status } = await user.request('POST', '/tasks', newTaskBody(title))
    answered++
    return { title, status }
  })
  await eventually(() => expect(answered).toBeGreaterThan(0))
  const reads = startLoad([nginx.url], user.cookieHeader(), { likeBrowser: true, onlyReads: true, pauseMs: 50 })
  // Not after some responses: each reader waits for ever once it meets the frozen API.
  await second.kill()
  await eventually(() => expect(reads.responseCount()).toBeGreaterThan(60))
  expect((await reads.stop()).failures).toEqual([])

  const outcomes = await Promise.all(writes)
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set([201, 502]))
  const created = await system.inspector.query<{ title: string }>(
    'select title from tasks where title = any($1) order by title',
    [titles],
  )
  const acknowledged = outcomes.filter(({ status }) => status === 201).map(({ title }) => title)
  expect(created.map(({ title }) => title)).toEqual(acknowledged.sort())
})

test.skipIf(!program)('bodies above 110 MiB are refused by nginx, files above 10 MiB by the API in JSON', async () => {
  const headers = { cookie: user.cookieHeader(), 'content-type': 'application/json', 'content-length': `${120e6}` }
  const large = await sendHttps(`${nginx.url}/api/v1/tasks`, { method: 'POST', headers })
  expect([large.status, large.body]).toEqual([413, expect.stringContaining('nginx')])
  const form = new FormData()
  form.append('files', new Blob([new Uint8Array(11 * 1_024 ** 2)], { type: 'image/jpeg' }), 'large.jpg')
  const { status, body } = await user.request('POST', `/tasks/${await createTask(user)}/attachments`, form)
  expect([status, body]).toEqual([
    413,
    expect.objectContaining({ error: expect.objectContaining({ code: 'FILE_TOO_LARGE' }) }),
  ])
})

test.skipIf(!program)('the API sees the address of the connection, whatever the client claims', async () => {
  const { email, password } = user
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' }
  const body = JSON.stringify({ email, password })
  const url = `${nginx.url}/api/v1/auth/login`
  expect((await sendHttps(url, { method: 'POST', headers, body, localAddress: '127.0.0.7' })).status).toBe(200)
  const sessions = (await user.request('GET', '/auth/sessions')).body.data as { sessions: { ip: string }[] }
  expect(new Set(sessions.sessions.map(({ ip }) => ip))).toEqual(new Set(['127.0.0.1', '127.0.0.7']))
})

test.skipIf(!program)('the logs of nginx contain no token, and tell which API answered what', async () => {
  const token = Buffer.alloc(32, 'token').toString('base64url')
  await first.terminate()
  for (const path of [
    `/api/v1/invites/details/${token}`,
    `/api/v1/unsubscribe?token=${token}`,
    `/socket.io/?t=${token}`,
  ])
    expect((await sendHttps(`${nginx.url}${path}`, { localAddress: '127.0.0.8' })).status).toBe(502)
  // nginx writes of a request once it is over: the response may have arrived before.
  await eventually(() =>
    expect(nginx.accessLog().filter(({ client }) => client === '127.0.0.8')).toMatchObject([
      { path: '/api/v1/invites/details/…', status: 502, apiStatus: '502, 502' },
      { path: '/api/v1/unsubscribe', status: 502 },
      { path: '/socket.io/', status: 502 },
    ]),
  )
  const logs = nginx.logs()
  expect(logs).not.toContain(token)
  expect(system.secrets.findIn(logs)).toEqual([])
})

async function renderPicture(): Promise<Blob> {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const
  const image = sharp({ create: { width: 600, height: 400, channels: 3, background: 'black', noise } })
  return new Blob([new Uint8Array(await image.jpeg().toBuffer())], { type: 'image/jpeg' })
}

async function upload(taskId: string, picture: Blob): Promise<void> {
  const form = new FormData()
  form.append('files', picture, 'picture.jpg')
  const encoded = new Response(form)
  const headers = { cookie: user.cookieHeader(), 'content-type': encoded.headers.get('content-type') ?? '' }
  const { status, body } = await sendHttps(`${nginx.url}/api/v1/tasks/${taskId}/attachments`, {
    ...{ method: 'POST', headers, body: Buffer.from(await encoded.arrayBuffer()) },
  })
  if (status !== 201) throw new Error(`The upload was answered with ${status} ${body}.`)
}
