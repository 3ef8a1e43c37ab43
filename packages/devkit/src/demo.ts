import { join } from 'node:path'
import type { ListedAuditEvent, Message } from '@muster/client'
import { isAlive, StartError } from '@muster/supervisor'
import { createClient, explain } from './demo/client.ts'
import { converse } from './demo/conversation.ts'
import { mailsTo, waitForMail } from './demo/inbox.ts'
import { newPerson, readCode } from './demo/person.ts'
import { describeImage, type ImageFacts, makePhoto } from './demo/photo.ts'
import { step } from './demo/step.ts'
import { waitFor } from './demo/wait-for.ts'
import { paint } from './output.ts'
import { type RunFile, readRunFile } from './run-file.ts'
import { readJson, type Secrets } from './secrets.ts'
import { homeOf } from './settings.ts'

const reminderAheadMs = 5_000
/** Long enough for a killed worker to restart and process its pending jobs. */
const timeoutMs = 90_000

try {
  await main(runningCopy())
} catch (error) {
  const explained = explain(error)
  console.error(explained instanceof StartError ? explained.message : explained)
  process.exitCode = 1
}

/** Runs the first minutes of a user through the public API and the inbox, and prints the result of each step. */
async function main({ urls, home }: RunFile & { urls: { inbox: string } }): Promise<void> {
  const startedMs = Date.now()
  const muster = createClient(urls.api)
  const person = newPerson('Demo Person')
  const { email, password } = person
  const status = () => muster.session.getSnapshot().status
  console.log(`A person's first minutes with Muster at ${urls.api}\n`)

  await step(
    'register',
    () => muster.auth.register(person),
    () => email,
  )
  const code = await step(
    'read the code from the inbox',
    () => readCode(urls.inbox, email, timeoutMs),
    (digits) => digits,
  )
  await step('verify it and be signed in by cookie', () => muster.auth.verifyRegistration({ email, otp: code }), status)
  await step('log out', () => muster.session.signOut(), status)
  await step('log in by password', () => muster.session.signIn({ email, password }), status)
  const user = await step('ask who I am', () => muster.users.me())
  const task = await step('make a task', () =>
    muster.tasks.create({
      title: 'Water the ferns',
      dueDate: new Date(Date.now() + 86_400_000).toISOString(),
      priority: 'high',
    }),
  )

  const photo = await step('take a photo', makePhoto)
  const before = await describeImage(photo)
  const data = new Blob([new Uint8Array(photo)])
  const upload = muster.attachments.upload(task.id, { name: 'ferns.jpg', data })
  await step(
    'upload it',
    () => upload,
    () => show(before),
  )
  const [ready] = await step('wait until it is optimised', () => upload.waitUntilReady({ timeoutMs }))
  if (!ready) throw new StartError('The response to the upload has no attachment.')
  const after = await step(
    'download the result',
    async () => describeImage(Buffer.from(await (await muster.attachments.content(ready.id)).arrayBuffer())),
    show,
  )

  const scheduledAt = new Date(Date.now() + reminderAheadMs)
  const note = `Ferns of ${person.username}`
  const reminder = await step('set a reminder', () =>
    muster.reminders.create({ taskId: task.id, scheduledAt: scheduledAt.toISOString(), type: 'both', message: note }),
  )
  await step('wait for its mail', () => waitForMail(urls.inbox, email, new RegExp(note), timeoutMs))
  // Measured here, because the inbox has only whole seconds.
  const delayMs = Date.now() - scheduledAt.getTime()
  const messages = await converse(muster, { api: urls.api, inbox: urls.inbox, person, photo, timeoutMs })

  const targets = new Set([user.id, task.id, ready.id, reminder.id])
  const events = await step('read the audit log as administrator', () => auditOf(urls.api, home, user.id, targets))

  const mails = await mailsTo(urls.inbox, email)
  console.log(`
${paint('bold', 'Mail sent')}
${mails.map(({ time, subject }) => `  ${time}  ${subject}`).join('\n')}
${paint('bold', 'Photo')}
  before  ${show(before)}
  after   ${show(after)}, ${Math.round((1 - after.sizeBytes / before.sizeBytes) * 100)} % smaller
${paint('bold', 'Reminder')}
  in the inbox ${delayMs} ms after its time
${paint('bold', 'Chat')}
${messages.map(line).join('\n')}
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

/** Waits until every target appears in the audit log. @returns the user's events and those of the targets, oldest first */
async function auditOf(
  apiUrl: string,
  home: string,
  userId: string,
  targets: Set<string>,
): Promise<ListedAuditEvent[]> {
  const admin = readJson<Secrets>(join(home, 'secrets.json'))?.admin
  if (!admin) throw new StartError(`${home}/secrets.json names no administrator.`)
  const muster = createClient(apiUrl)
  await muster.session.signIn(admin)
  return waitFor('the audit rows', timeoutMs, async () => {
    const { items } = await muster.admin.auditEvents({ limit: 100 })
    const own = items.filter(({ actorId, targetId }) => actorId === userId || targets.has(targetId))
    const seen = new Set(own.map(({ targetId }) => targetId))
    return [...targets].every((target) => seen.has(target)) ? own.sort((a, b) => a.seq - b.seq) : undefined
  })
}

function show({ widthPx, heightPx, sizeBytes, format, hasGps }: ImageFacts): string {
  const size = `${(sizeBytes / 1024 / 1024).toFixed(2)} MiB`
  return `${format} ${widthPx}×${heightPx}, ${size}, ${hasGps ? 'tells where it was taken' : 'no GPS'}`
}

function line({ seq, createdAt, sender, body, attachments }: Message): string {
  const files = attachments.map(({ filename }) => `  [${filename}]`).join('')
  return `  ${String(seq).padStart(6)}  ${createdAt}  ${sender.name.padEnd(12)}  ${body}${files}`
}

function checkResult(before: ImageFacts, after: ImageFacts, delayMs: number): void {
  if (!before.hasGps || after.hasGps) throw new StartError('The photo still tells where it was taken.')
  if (after.sizeBytes >= before.sizeBytes) throw new StartError('The photo did not get smaller.')
  // After a worker was killed, the reminder is late; it only must arrive.
  if (delayMs > 2_000) console.log(paint('yellow', `The reminder came ${delayMs} ms late; 2000 ms is the goal.`))
}
