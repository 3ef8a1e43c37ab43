import { totpCode } from '@muster/security/totp'
import { eventually } from '@muster/testing'
import sharp from 'sharp'
import type { App } from '../system/apps.ts'
import type { System } from '../system/system.ts'
import { entityOf } from '../users/fixtures.ts'
import { type ApiResponse, createUser, type User } from '../users/user.ts'
import type { Baseline } from './baseline.ts'

export const baselinePassword = 'Baseline-2026-pass'

type Facts = Pick<
  Baseline,
  'totpSecret' | 'roles' | 'tasks' | 'attachments' | 'reminders' | 'pendingMails' | 'password'
>
type Crew = Record<'ada' | 'grace' | 'linus' | 'olga' | 'sita', User>

const roles = { ada: 'super_admin', grace: 'client_admin', linus: 'client_user', olga: 'operator', sita: 'site_admin' }
const dayMs = 86_400_000

/**
 * Uses a running release as people do, until it has examples of all data that an upgrade must keep; then stops the workers and leaves
 * them work. The super admin `ada` exists already.
 */
export async function fillRelease(system: System, workers: readonly App[]): Promise<Facts> {
  const crew = await gather(system)
  const totpSecret = await turnOnTotp(crew.grace)
  const tasks = await createTasks(crew)
  const ready = [
    await attach(crew.grace, tasks.grace[0], await picture(40, 'photo.png')),
    await attachText(crew, tasks),
  ]
  const sent = await remind(crew.grace, tasks.grace[0], 300)
  await meet(crew)
  await expectOk(crew.grace.request('PUT', '/users/me/avatar', formOf('file', await picture(64, 'me.png'))))
  await eventually(async () => {
    for (const id of ready)
      if (entityOf(await crew.grace.request('GET', `/attachments/${id}`), 'attachment').status !== 'ready')
        throw new Error(id)
    const [row] = await system.inspector.query('select status from reminders where id = $1', [sent])
    if (row?.status !== 'sent') throw new Error('The reminder is pending.')
  })
  await system.inspector.waitUntilIdle()
  for (const worker of workers) await worker.terminate()

  const pending = await attach(crew.linus, tasks.linus[0], await picture(50, 'later.png'))
  const reminders = {
    sent: [sent],
    overdue: [await remind(crew.linus, tasks.linus[1], 600_000)],
    future: [await remind(crew.grace, tasks.grace[2], 36_500 * dayMs)],
  }
  await expectOk(crew.grace.request('POST', '/invites', { email: 'newcomer@example.test', role: 'client_user' }))
  const passwords = { currentPassword: `${baselinePassword}-of-before`, newPassword: baselinePassword }
  await expectOk(crew.olga.request('POST', '/auth/change-password', passwords))
  await expectOk(crew.ada.request('PATCH', `/admin/users/${await idOf(crew.sita)}`, { isActive: false }))
  return {
    password: baselinePassword,
    totpSecret,
    roles,
    tasks: { grace: tasks.titles.grace, linus: tasks.titles.linus },
    attachments: { ready, pending: [pending] },
    reminders,
    pendingMails: { invite: 'newcomer@example.test', 'password-changed': 'olga@example.test' },
  }
}

/** Signs in ada, registers grace, and lets both invite the others. */
async function gather(system: System): Promise<Crew> {
  const known = (username: string, password = baselinePassword) => createUser({ ...system, username, password })
  const [ada, grace, linus, sita] = ['ada', 'grace', 'linus', 'sita'].map((name) => known(name)) as [
    User,
    User,
    User,
    User,
  ]
  const olga = known('olga', `${baselinePassword}-of-before`)
  await expectOk(ada.login())
  // The name that the bootstrap made up is random.
  await expectOk(ada.request('PATCH', '/users/me', { username: 'ada' }))
  for (const step of [grace.register, grace.verify]) await expectOk(step())
  for (const [inviter, guest, role] of [
    [grace, linus, roles.linus],
    [ada, olga, roles.olga],
    [ada, sita, roles.sita],
  ] as const) {
    await expectOk(inviter.request('POST', '/invites', { email: guest.email, role }))
    const token = await eventually(() => mailedToken(system, guest.email))
    const { username, password } = guest
    await expectOk(
      guest.request('POST', '/invites/accept', { token, username, password, name: `${username} of the baseline` }),
    )
  }
  return { ada, grace, linus, olga, sita }
}

function mailedToken({ smtp }: System, address: string): string {
  const token = /token=([\w.-]+)/.exec(smtp.mailsTo(address).at(-1)?.text ?? '')?.[1]
  if (!token) throw new Error(`No invitation has arrived for ${address}.`)
  return token
}

async function turnOnTotp(user: User): Promise<string> {
  const { body } = await expectOk(user.request('POST', '/auth/two-factor/totp/setup'))
  const { secret } = body.data as { secret: string }
  await expectOk(
    user.request('POST', '/auth/two-factor/totp/confirm', { code: totpCode(fromBase32(secret), new Date()) }),
  )
  return secret
}

/** Decodes the secret of an authenticator app. */
export function fromBase32(text: string): Buffer {
  const bits = [...text].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  )
  return Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}

type Tasks = { grace: string[]; linus: string[]; titles: { grace: string[]; linus: string[] } }

async function createTasks({ grace, linus }: Crew): Promise<Tasks> {
  const made: Tasks = { grace: [], linus: [], titles: { grace: [], linus: [] } }
  const assigneeId = await idOf(linus)
  for (let index = 0; index < 9; index++) {
    const owner = index % 2 === 0 ? 'grace' : 'linus'
    const title = `Baseline task ${index + 1}: report-final.pdf`
    const body = {
      title,
      dueDate: new Date(Date.now() + (index - 3) * dayMs).toISOString(),
      description: index % 2 === 0 ? 'Größe, 日本語 and emoji 👩‍💻' : null,
      priority: ['low', 'medium', 'high'][index % 3],
      status: ['todo', 'in-progress', 'completed'][index % 3],
      category: index % 3 === 0 ? 'Café' : null,
      ...(index === 4 && { assigneeId }),
    }
    const user = owner === 'grace' ? grace : linus
    made[owner].push(entityOf(await user.request('POST', '/tasks', body), 'task').id)
    made.titles[owner].push(title)
  }
  return made
}

/** Friends, a block and preferences. */
async function meet({ grace, linus, ada }: Crew): Promise<void> {
  const request = await grace.request('POST', '/friends/requests', { userId: await idOf(linus) })
  await expectOk(linus.request('POST', `/friends/requests/${entityOf(request, 'request').id}/accept`))
  await expectOk(linus.request('POST', `/friends/${await idOf(ada)}/block`))
  await expectOk(grace.request('PUT', '/users/me/preferences', { morningDigest: false }))
}

async function remind(user: User, taskId: string | undefined, inMs: number): Promise<string> {
  const scheduledAt = new Date(Date.now() + inMs).toISOString()
  return entityOf(await user.request('POST', '/reminders', { taskId, scheduledAt, type: 'both' }), 'reminder').id
}

async function picture(size: number, name: string): Promise<File> {
  const create = { width: size, height: size, channels: 3, background: 'teal' } as const
  return new File([new Uint8Array(await sharp({ create }).png().toBuffer())], name, { type: 'image/png' })
}

const attachText = ({ linus }: Crew, tasks: Tasks) =>
  attach(linus, tasks.linus[0], new File(['Of the baseline\n'], 'notes.txt', { type: 'text/plain' }))

async function attach(user: User, taskId: string | undefined, file: File): Promise<string> {
  const { body } = await expectOk(user.request('POST', `/tasks/${taskId}/attachments`, formOf('files', file)))
  const [attachment] = (body.data as { attachments: [{ id: string }] }).attachments
  return attachment.id
}

function formOf(field: string, file: File): FormData {
  const form = new FormData()
  form.append(field, file, file.name)
  return form
}

async function idOf(user: User): Promise<string> {
  return entityOf(await user.request('GET', '/users/me'), 'user').id
}

/** @throws Error with the answer when it is no success */
async function expectOk(answering: Promise<ApiResponse>): Promise<ApiResponse> {
  const answer = await answering
  if (answer.status >= 300) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`)
  return answer
}
