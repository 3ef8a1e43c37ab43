import { newId } from '@muster/db'
import { pageLinks, type TemplateData, type TemplateDefinition, type TemplateName, templates } from '@muster/mail'
import { describe, expect, test } from 'vitest'
import { compose } from '../rendering/compose.ts'
import { fieldsOf, samples } from '../testing/samples.ts'

const codeKeys = { currentId: 'k1', keys: new Map([['k1', Buffer.alloc(32, 1)]]) }
const webUrl = 'https://app.example.com/'
const publicUrl = 'https://api.example.com'

const createdAt = new Date('2026-11-20T12:00:00Z')

/** Composes a mail as it is sent. */
function composeMail(template: string, data: unknown, lifetimeMs = 300_000) {
  const expiresAt = new Date(createdAt.getTime() + lifetimeMs)
  const row = { id: newId(), userId: newId(), template, data, codeVersion: 1, codeKeyId: null, createdAt, expiresAt }
  const mail = compose({ codeKeys, webUrl, publicUrl }, row)
  if (mail.kind !== 'ready') throw new Error(mail.reason)
  return mail
}

/** The part of the subject before the title of the task. */
const prefix =
  /^(Reminder|Due soon|Overdue|Completed|Assigned to you|New due date|No due date any more|No longer assigned to you|Deleted): /

describe.each(samples)('$name ($variant)', ({ name, data }) => {
  const { subject, html, text, secret } = composeMail(name, data)

  test('fills all slots, and has the same links in text and HTML', () => {
    for (const part of [subject, html, text]) expect(part).not.toMatch(/[⟦⟧]|undefined|null|Invalid|NaN/)
    expect(text.length).toBeGreaterThan(80)
    expect(text).not.toMatch(/\n{3}|<\/?(?!https:)\w|^[ ,.]|[ \t]$|: *\n{2}$/m)
    for (const [, href] of html.matchAll(/href="([^"]+)"/g)) expect(text).toContain(href)
    expect(text).not.toContain('example.com//')
  })

  test('has a short subject without code or token, which is also the heading', () => {
    expect(subject).toMatch(/^.{8,60}$/)
    expect(subject).not.toMatch(/\d{6}|[-\w]{43}|:\/\//)
    expect(text).toMatch(new RegExp(`^${RegExp.escape(subject.replace(prefix, ''))}\n\n`))
  })

  test('contains its code or token in both parts', () => {
    const { code, token, optOut }: TemplateDefinition = templates[name]
    expect(secret !== undefined).toBe(Boolean(code || token || optOut))
    for (const part of [html, text]) expect(part.split(secret ?? '⟦').length - 1).toBe(secret ? 1 : 0)
  })
})

test.each(Object.keys(templates) as TemplateName[])('%s links to the pages of the table, and to no others', (name) => {
  const pages = samples
    .filter((sample) => sample.name === name)
    .flatMap(({ data }) => [...composeMail(name, data).html.matchAll(/href="https:\/\/app\.example\.com([^"]*)"/g)])
    .map(([, path = '']) => pageOf(path))
  expect([...new Set(pages)].sort()).toEqual(pageLinks[name])
})

/** Replaces the values in the path of a link by their names. */
const pageOf = (path: string) =>
  (path || '/')
    .replace(/(?<=token=)[-.\w]+$/, ':token')
    .replace(/(?<=\/tasks\/)[-\w]{36}$/, ':taskId')
    .replace(/(?<=\/chats\/)[-\w]{36}$/, ':chatId')

test('each variant of a mail has a different text', () => {
  const wordings = samples
    .filter(({ variant }) => variant !== 'sparse')
    .map(({ name, data }) => {
      const { subject, text } = composeMail(name, data)
      return `${subject}\n${text.replace(/\d{6}/, '')}`
    })
  expect(new Set(wordings).size).toBe(wordings.length)
})

test.each(Object.keys(templates) as TemplateName[])('markup in the data of %s stays text', (name) => {
  const markup = `<img src=x onerror=alert(1)> "'&`
  const evil = Object.fromEntries(
    fieldsOf(name).flatMap(([field, schema]) => (schema.safeParse(markup).success ? [[field, markup]] : [])),
  )
  const { html } = composeMail(name, { ...samples.find((sample) => sample.name === name)?.data, ...evil })
  expect(html).not.toMatch(/<img|"'&/)
  expect(html.match(/&lt;img src=x/g)?.length ?? 0).toBeGreaterThan(0)
})

test('the HTML is small, and ASCII in lines of less than 900 characters', () => {
  for (const { name, data } of samples) {
    const { html } = composeMail(name, data)
    expect(html).toMatch(/^\p{ASCII}*$/u)
    expect(Math.max(...html.split('\n').map(({ length }) => length))).toBeLessThan(900)
    expect(html.length).toBeLessThan(8_000)
  }
})

test.each([
  [300_000, '5 minutes'],
  // The API's clock is slightly behind that of Postgres.
  [299_500, '5 minutes'],
  [230_000, '3 minutes'],
  [20_000, '1 minute'],
  [7_200_000, '2 hours'],
])('a code with a lifetime of %i ms says %s', (lifetimeMs, words) => {
  expect(composeMail('login-code', { name: 'Ada', action: 'sign-in' }, lifetimeMs).text).toContain(`for ${words} after`)
})

describe('a link with a token', () => {
  test('leads to its page and states its lifetime', () => {
    const { html, text, secret } = composeMail('password-reset', { name: 'Ada' }, 3_600_000)
    expect(text).toContain(`https://app.example.com/reset-password?token=${secret}\n`)
    expect(html).toContain(`href="https://app.example.com/reset-password?token=${secret}"`)
    for (const part of [html, text]) expect(part).toContain('for 1 hour after')
  })
})

describe('an invitation', () => {
  const invitation = (changes: Partial<TemplateData<'invite'>> = {}) =>
    composeMail(
      'invite',
      { invitedBy: 'Ada', role: 'client_user', organizationName: 'Analytical Engines', ...changes },
      7 * 86_400_000,
    )

  test('leads to its page, and names the inviter, the organization and the lifetime', () => {
    const { html, text, secret } = invitation()
    expect(text).toContain(`https://app.example.com/accept-invite?token=${secret}\n`)
    expect(html).toContain(`href="https://app.example.com/accept-invite?token=${secret}"`)
    for (const part of [html, text]) expect(part).toContain('for 7 days after')
    expect(text).toContain('you are invited by Ada to join an organization')
    expect(text).toContain('\n\nAnalytical Engines\n\n')
  })

  test.each([
    'win at evil.com',
    'http://evil',
    'mail a@b',
    'evil。com',
    'evil．com',
    'evil.c\u200dom',
    'http:／／evil',
    'evil[.]com',
    '198.51.100.7 evil',
    'evil +1 800 555 0199',
  ])('omits the name %j', (name) => {
    const { html, text } = invitation({ invitedBy: name, organizationName: name })
    for (const part of [html, text]) expect(part).not.toMatch(/evil|a@b/)
    expect(text).toContain('you are invited to join')
  })
})

describe('a mail about a security event', () => {
  const securityEvent = {
    name: 'Ada',
    timezone: 'America/New_York',
    at: '2026-07-01T03:30:00Z',
    device: 'Firefox on Windows',
    ip: '203.0.113.9',
  }
  const newDevice = (changes: Partial<TemplateData<'new-device'>>) =>
    composeMail('new-device', { ...securityEvent, ...changes })

  test('states the time in the recipient’s zone, the device and the IP address', () => {
    const { text } = newDevice({})
    expect(text).toContain(
      '\n\nWhen: Tuesday, 30 June 2026 at 23:30 GMT-4\nDevice: Firefox on Windows\nIP address: 203.0.113.9\n\n',
    )
  })

  test('omits an unknown device and IP address', () => {
    const { html, text } = newDevice({ device: null, ip: null })
    for (const part of [html, text]) expect(part).not.toMatch(/Device:|IP address:/)
    expect(text).toContain('GMT-4\n\nIf it was you')
  })

  test.each(['Visit evil.example now', 'http://evil', 'call me@evil'])('omits the device "%s"', (device) => {
    const { html, text } = newDevice({ device })
    for (const part of [html, text]) expect(part).not.toMatch(/evil|Device:/)
  })

  test('about wrong codes, not about wrong passwords, warns that the password may be known', () => {
    expect(composeMail('account-locked', { ...securityEvent, kind: 'code' }).text).toContain(
      'probably knows your password',
    )
    for (const data of [securityEvent, { ...securityEvent, kind: 'password' }])
      expect(composeMail('account-locked', data).text).not.toContain('knows your password')
  })
})

const reminder = (changes: object, timezone = 'Europe/Berlin') =>
  composeMail('reminder', {
    taskId: newId(),
    taskTitle: 'Buy milk',
    dueDate: '2026-11-21T13:30:00Z',
    message: 'one\ntwo',
    scheduledAt: '2026-11-21T12:00:00Z',
    late: true,
    timezone,
    ...changes,
  })

test('sections without a value are omitted in both parts', () => {
  const { html, text } = reminder({ dueDate: null, message: '', late: false })
  for (const part of [html, text]) {
    expect(part).not.toContain('Due ')
    expect(part).not.toContain('late')
  }
  expect(text).not.toMatch(/\n{3}/)
  expect(html).not.toContain('class="panel"')
})

test('dates are in the recipient’s zone, or in UTC when the zone is unknown', () => {
  expect(reminder({}).text).toContain('Due Saturday, 21 November 2026 at 14:30 CET')
  expect(reminder({}, 'Mars/Base').text).toContain('13:30 UTC')
})

test('a subject cannot add headers or change the text direction', () => {
  expect(reminder({ taskTitle: 'a\r\nBcc: x@example.com\u202eb' }).subject).toBe('Reminder: a Bcc: x@example.com b')
})

test.each(['win at evil.com', 'http://evil', 'mail a@b'])(
  'a mail to an unconfirmed address does not greet "%s"',
  (name) => {
    const { html, text } = composeMail('register-code', { name })
    expect(text).toContain('Hello, enter this code')
    expect(html).not.toContain('evil')
  },
)

test('right-to-left text is isolated in subject, HTML and text', () => {
  const title = 'שלום (1)'
  const { subject, html, text } = reminder({ taskTitle: title, message: `${title}\n${title}` })
  expect(subject).toBe(`Reminder: \u2068${title}\u2069`)
  for (const part of [html, text]) {
    expect(part.split(title)).toHaveLength(part.split(`\u2068${title}\u2069`).length)
    expect(part).toContain(title)
  }
})

const written =
  'taskTitle message category name personName completedBy invitedBy organizationName device chatName sender'.split(' ')

test.each(samples)('what a user wrote keeps its own direction of writing: $name ($variant)', ({ name, data }) => {
  const title = 'שלום'
  const changed = JSON.parse(JSON.stringify(data), (key, value) =>
    written.includes(key) && typeof value === 'string' ? title : value,
  )
  const { html } = composeMail(name, changed)
  const body = html.slice(html.indexOf('<h1'))
  const inOwnDirection = body.match(new RegExp(`dir="auto"[^>]*>[^<]*\u2068${title}\u2069`, 'g')) ?? []
  expect(inOwnDirection).toHaveLength(body.split(title).length - 1)
})

test('a name with dots is greeted', () => {
  expect(composeMail('welcome', { name: 'J. R. R. Tolkien' }).text).toContain('Hello J. R. R. Tolkien,')
})
