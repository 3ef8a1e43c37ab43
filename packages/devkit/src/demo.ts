import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createClient } from './demo/client.ts'
import { mailsTo, waitForMail } from './demo/inbox.ts'
import { describeImage, type ImageFacts, makePhoto } from './demo/photo.ts'
import { waitFor } from './demo/wait-for.ts'
import { paint } from './output.ts'
import { type RunFile, readRunFile } from './run-file.ts'
import { readJson, type Secrets } from './secrets.ts'
import { isAlive } from './services/processes.ts'
import { homeOf } from './settings.ts'
import { StartError } from './start-error.ts'

type NewUser = { username: string; name: string; email: string; password: string; timezone: string }
type Attachment = {
  id: string
  status: 'processing' | 'ready' | 'failed'
  url: string | null
  failureReason: string | null
}
type AuditEvent = {
  seq: number
  action: string
  actorId: string | null
  targetId: string
  createdAt: string
  hash: string
}

const api = '/api/v1'
const reminderAheadMs = 5_000
/** Long enough for a killed worker to restart and process its pending jobs. */
const timeoutMs = 90_000

try {
  await main(runningCopy())
} catch (error) {
  console.error(error instanceof StartError ? error.message : error)
  process.exitCode = 1
}

/** Runs the first minutes of a user through the public API and the inbox, and prints the result of each step. */
async function main({ urls, home }: RunFile & { urls: { inbox: string } }): Promise<void> {
  const startedMs = Date.now()
  const client = createClient(urls.api)
  const person = newUser()
  console.log(`A person's first minutes with Muster at ${urls.api}\n`)

  await step(
    'register',
    () => client.call('POST', `${api}/auth/register`, { json: person }),
    () => person.email,
  )
  const code = await step(
    'read the code from the inbox',
    () => readCode(urls.inbox, person.email),
    (digits) => digits,
  )
  const cookies = () => client.cookieNames().join(', ') || 'no cookies'
  await step(
    'verify it and be signed in by cookie',
    () => client.call('POST', `${api}/auth/register/verify`, { json: { email: person.email, otp: code } }),
    cookies,
  )
  await step('log out', () => client.call('POST', `${api}/auth/logout`), cookies)
  const { email, password } = person
  await step(
    'log in by password',
    () => client.call('POST', `${api}/auth/login`, { json: { email, password } }),
    cookies,
  )
  const { user } = await step('ask who I am', () => client.call<{ user: { id: string } }>('GET', `${api}/users/me`))
  const { task } = await step('make a task', () =>
    client.call<{ task: { id: string } }>('POST', `${api}/tasks`, {
      idempotencyKey: person.username,
      json: { title: 'Water the ferns', dueDate: new Date(Date.now() + 86_400_000).toISOString(), priority: 'high' },
    }),
  )

  const photo = await step('take a photo', makePhoto)
  const before = await describeImage(photo)
  const attachment = await step(
    'upload it',
    () => upload(client, task.id, photo),
    () => show(before),
  )
  const ready = await step('wait until it is optimised', () => untilReady(client, attachment.id))
  const after = await step('download the result', async () => describeImage(await client.bytes(ready.url ?? '')), show)

  const scheduledAt = new Date(Date.now() + reminderAheadMs)
  const note = `Ferns of ${person.username}`
  const { reminder } = await step('set a reminder', () =>
    client.call<{ reminder: { id: string } }>('POST', `${api}/reminders`, {
      idempotencyKey: person.username,
      json: { taskId: task.id, scheduledAt: scheduledAt.toISOString(), type: 'both', message: note },
    }),
  )
  await step('wait for its mail', () => waitForMail(urls.inbox, person.email, new RegExp(note), timeoutMs))
  // Measured here, because the inbox has only whole seconds.
  const delayMs = Date.now() - scheduledAt.getTime()

  const targets = new Set([user.id, task.id, attachment.id, reminder.id])
  const events = await step('read the audit log as administrator', () => auditOf(urls.api, home, user.id, targets))

  const mails = await mailsTo(urls.inbox, person.email)
  console.log(`
${paint('bold', 'Mail sent')}
${mails.map(({ time, subject }) => `  ${time}  ${subject}`).join('\n')}
${paint('bold', 'Photo')}
  before  ${show(before)}
  after   ${show(after)}, ${Math.round((1 - after.sizeBytes / before.sizeBytes) * 100)} % smaller
${paint('bold', 'Reminder')}
  in the inbox ${delayMs} ms after its time
${paint('bold', 'Audit log')}
${events.map(({ seq, createdAt, action, hash }) => `  ${String(seq).padStart(6)}  ${createdAt}  ${action.padEnd(24)}  ${hash.slice(0, 16)}…`).join('\n')}

${paint('green', `done in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`)}`)
  checkResult(before, after, delayMs)
}

function runningCopy(): RunFile & { urls: { inbox: string } } {
  const home = homeOf(process.env)
  const run = readRunFile(home)
  if (!run || !isAlive(run.pid)) {
    throw new StartError(`No Muster runs from ${home}. Start it with \`npm start\` in another terminal first.`)
  }
  const { inbox } = run.urls
  if (!inbox)
    throw new StartError(
      'This copy sends its mail to SMTP_URL, but the demo reads mail only from the embedded inbox. Start Muster without SMTP_URL.',
    )
  return { ...run, urls: { ...run.urls, inbox } }
}

async function step<T>(name: string, act: () => Promise<T>, tell?: (result: T) => string): Promise<T> {
  const startedMs = performance.now()
  const result = await act()
  const tookMs = Math.round(performance.now() - startedMs)
  const detail = tell ? `  ${paint('gray', tell(result))}` : ''
  console.log(`${paint('green', '✓')} ${name.padEnd(38)} ${String(tookMs).padStart(6)} ms${detail}`)
  return result
}

function newUser(): NewUser {
  const username = `demo_${randomBytes(4).toString('hex')}`
  return {
    username,
    name: 'Demo Person',
    email: `${username}@muster.example`,
    password: `Kept-Away-${randomBytes(9).toString('base64url')}7`,
    timezone: 'Europe/Zurich',
  }
}

async function readCode(inbox: string, email: string): Promise<string> {
  const { text } = await waitForMail(inbox, email, /\b\d{6}\b/, timeoutMs)
  return /\b(\d{6})\b/.exec(text)?.[1] ?? ''
}

async function upload(client: ReturnType<typeof createClient>, taskId: string, photo: Buffer): Promise<Attachment> {
  const form = new FormData()
  form.append('files', new Blob([new Uint8Array(photo)], { type: 'image/jpeg' }), 'ferns.jpg')
  const { attachments } = await client.call<{ attachments: Attachment[] }>(
    'POST',
    `${api}/tasks/${taskId}/attachments`,
    {
      form,
    },
  )
  const [attachment] = attachments
  if (!attachment) throw new StartError('The response to the upload has no attachment.')
  return attachment
}

function untilReady(client: ReturnType<typeof createClient>, id: string): Promise<Attachment> {
  return waitFor('the optimised photo', timeoutMs, async () => {
    const { attachment } = await client.call<{ attachment: Attachment }>('GET', `${api}/attachments/${id}`)
    return attachment.status === 'processing' ? undefined : attachment
  })
}

/** Waits until every target appears in the audit log. @returns the user's events and those of the targets, oldest first */
async function auditOf(apiUrl: string, home: string, userId: string, targets: Set<string>): Promise<AuditEvent[]> {
  const admin = readJson<Secrets>(join(home, 'secrets.json'))?.admin
  if (!admin) throw new StartError(`${home}/secrets.json names no administrator.`)
  const client = createClient(apiUrl)
  await client.call('POST', `${api}/auth/login`, { json: admin })
  return waitFor('the audit rows', timeoutMs, async () => {
    const { events } = await client.call<{ events: AuditEvent[] }>('GET', `${api}/admin/audit-events?limit=100`)
    const own = events.filter(({ actorId, targetId }) => actorId === userId || targets.has(targetId))
    const seen = new Set(own.map(({ targetId }) => targetId))
    return [...targets].every((target) => seen.has(target)) ? own.sort((a, b) => a.seq - b.seq) : undefined
  })
}

function show({ widthPx, heightPx, sizeBytes, format, hasGps }: ImageFacts): string {
  const size = `${(sizeBytes / 1024 / 1024).toFixed(2)} MiB`
  return `${format} ${widthPx}×${heightPx}, ${size}, ${hasGps ? 'tells where it was taken' : 'no GPS'}`
}

function checkResult(before: ImageFacts, after: ImageFacts, delayMs: number): void {
  if (!before.hasGps || after.hasGps) throw new StartError('The photo still tells where it was taken.')
  if (after.sizeBytes >= before.sizeBytes) throw new StartError('The photo did not get smaller.')
  // After a worker was killed, the reminder is late; it only must arrive.
  if (delayMs > 2_000) console.log(paint('yellow', `The reminder came ${delayMs} ms late; 2000 ms is the goal.`))
}
