import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { keyRingNames, originUrl } from '@muster/config'
import { DomainError } from '@muster/errors'
import type { Result } from './command.ts'
import { checked } from './environment.ts'

/** The bundle has a copy of the example beside it; the sources read that of the repository. */
const examples = [new URL('env.example', import.meta.url), new URL('../../../../docker/.env.example', import.meta.url)]
const passwords = ['DATABASE_PASSWORD', 'REDIS_PASSWORD', 'GRAFANA_PASSWORD']

/**
 * Makes the settings of a new installation from the example: every secret filled in, and with the address of the API the settings of
 * production. Writes them to a file that only its owner can read and that does not exist yet, or without a path to standard output.
 */
export function initEnvFile(path: string | undefined, publicUrl: string | undefined): Result {
  if (path && existsSync(path)) throw exists(path)
  const text = withSecrets(publicUrl === undefined ? readExample() : forProduction(readExample(), publicUrl))
  if (!path) return { data: { text }, lines: text.trimEnd().split('\n') }
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw code === 'EEXIST' ? exists(path) : refused(`${path} cannot be written (${code}).`)
  }
  const next = publicUrl ? ' Set SMTP_URL and MAIL_FROM in it next.' : ''
  return { data: { path }, lines: [`${path} is made, with a key for every ring and all passwords.${next}`] }
}

const refused = (message: string) => new DomainError('VALIDATION_FAILED', { message })

const exists = (path: string) =>
  new DomainError('CONFLICT', {
    message: `${path} exists already, and its keys would be lost. Move it away first, or name another file.`,
  })

function readExample(): string {
  const example = examples.find((url) => existsSync(url))
  if (!example) throw new Error('The example of the settings is missing beside the program.')
  return readFileSync(example, 'utf8')
}

function withSecrets(text: string): string {
  const keys = keyRingNames.map((name) => [name, `k1:${randomBytes(32).toString('base64')}`] as const)
  const words = passwords.map((name) => [name, randomBytes(24).toString('base64url')] as const)
  return [...keys, ...words].reduce((filled, [name, value]) => setLine(filled, name, value), text)
}

/** An https address means production: real mails, and no service that only shows them. */
function forProduction(text: string, publicUrl: string): string {
  const url = checked(originUrl(), publicUrl)
  if (!url.startsWith('https:')) throw refused('--public-url is not https, which production needs.')
  const lines = {
    NODE_ENV: 'production',
    PUBLIC_URL: url,
    SMTP_URL: '',
    MAIL_FROM: '',
    COMPOSE_PROFILES: 'postgres,redis',
  }
  return Object.entries(lines).reduce((changed, [name, value]) => setLine(changed, name, value), text)
}

/** @throws Error when the example lacks the line, so that no secret stays empty */
function setLine(text: string, name: string, value: string): string {
  const line = new RegExp(`^${name}=.*$`, 'm')
  if (!line.test(text)) throw new Error(`The example of the settings has no line ${name}=.`)
  return text.replace(line, () => `${name}=${value}`)
}
