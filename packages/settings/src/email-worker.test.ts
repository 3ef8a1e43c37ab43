import { expect, test } from 'vitest'
import { readConfig } from './email-worker.ts'

const environment = {
  DATABASE_URL: 'postgres://host/muster',
  REDIS_URL: 'redis://host',
  SMTP_URL: 'smtp://host',
  MAIL_FROM: 'Muster <no-reply@example.com>',
  MAIL_CODE_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
  PUBLIC_URL: 'https://muster.example.com/',
}

test('links in mails lead to PUBLIC_URL while WEB_URL is unset', () => {
  const { webUrl, publicUrl } = readConfig(environment)
  expect([webUrl, publicUrl]).toEqual(['https://muster.example.com', 'https://muster.example.com'])
  const apart = readConfig({ ...environment, WEB_URL: 'https://example.com/app/' })
  expect(apart.webUrl).toBe('https://example.com/app')
})

test('a missing variable is named with its form', () => {
  const read = () => readConfig({ ...environment, MAIL_FROM: '', MAIL_CODE_KEYS: '', SMTP_URL: '' })
  expect(read).toThrow(/SMTP_URL is missing; write it as smtp:.*SMTP_HOST/)
  expect(read).toThrow('MAIL_FROM is missing: write it as Name <')
  expect(read).toThrow('MAIL_CODE_KEYS is missing: write it as id:base64')
})

test('the mail server may be given as parts, with any password', () => {
  const parts = { SMTP_URL: '', SMTP_HOST: 'smtp.example.com', SMTP_USER: 'me', SMTP_PASSWORD: 'a/b#c?d@e%f:g' }
  const url = new URL(readConfig({ ...environment, ...parts }).smtp.url)
  expect([url.host, decodeURIComponent(url.password)]).toEqual(['smtp.example.com:587', parts.SMTP_PASSWORD])
})
