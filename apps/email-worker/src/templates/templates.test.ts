import { newId } from '@muster/db'
import { describe, expect, test } from 'vitest'
import { compiled } from './compiled.gen.ts'
import { fill } from './fill.ts'

const values = {
  name: 'Ada',
  code: '042137',
  codeMinutes: 5,
  webUrl: 'https://app.example.com/',
  taskId: newId(),
  taskTitle: 'Buy milk',
  dueDate: '2026-11-21T13:30:00Z',
  message: 'one\ntwo',
  scheduledAt: '2026-11-21T12:00:00Z',
  late: true,
}

describe.each(Object.entries(compiled))('%s', (_name, template) => {
  const { subject, html, text } = fill(template, values, 'Europe/Berlin')

  test('leaves no slot open, and says in text what it says in HTML', () => {
    for (const part of [subject, html, text]) expect(part).not.toMatch(/[⟦⟧]|undefined|null/)
    expect(text.length).toBeGreaterThan(80)
    expect(text).not.toMatch(/\n{3}|<\w/)
    for (const [, href] of html.matchAll(/href="([^"]+)"/g)) expect(text).toContain(href)
    if (html.includes('042137')) expect(text).toContain('042137')
  })

  test('has a subject of one line without a code', () => {
    expect(subject).not.toMatch(/042137|\n/)
    expect(subject.length).toBeGreaterThan(5)
  })
})

const reminder = (changes: object) => fill(compiled.reminder, { ...values, ...changes }, 'Europe/Berlin')

test('sections without a value are left out of both parts', () => {
  const { html, text } = reminder({ dueDate: null, message: '', late: false })
  for (const part of [html, text]) {
    expect(part).not.toContain('Due ')
    expect(part).not.toContain('late')
  }
  expect(text).not.toMatch(/\n{3}/)
  expect(html).not.toContain('class="panel"')
})

test('dates are written in the receiver’s zone, and in UTC when the zone is unknown', () => {
  expect(reminder({}).text).toContain('Due Saturday, 21 November 2026 at 14:30 CET')
  expect(fill(compiled.reminder, values, 'Mars/Base').text).toContain('13:30 UTC')
})

test('a subject can’t be broken into further headers, nor its direction be turned', () => {
  expect(reminder({ taskTitle: 'a\r\nBcc: x@example.com\u202eb' }).subject).toBe('Reminder: a Bcc: x@example.com b')
})

test.each(['win at evil.com', 'http://evil', 'mail a@b'])('a stranger’s mail does not greet "%s"', (name) => {
  const { html, text } = fill(compiled['register-code'], { ...values, name }, 'UTC')
  expect(text).toContain('Hello, enter this code')
  expect(html).not.toContain('evil')
})

test('a name with dots is greeted', () => {
  expect(fill(compiled.welcome, { ...values, name: 'J. R. R. Tolkien' }, 'UTC').text).toContain(
    'Hello J. R. R. Tolkien,',
  )
})
