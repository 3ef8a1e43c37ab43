import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { assertSecretsKept, loadSecrets } from './secrets.ts'

let home: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'muster-secrets-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

test('secrets are random, readable by their owner alone and kept across starts', () => {
  const secrets = loadSecrets(home)
  expect(statSync(join(home, 'secrets.json')).mode & 0o777).toBe(0o600)
  for (const ring of Object.values(secrets.keyRings)) {
    expect(Buffer.from(ring.split(':')[1] ?? '', 'base64')).toHaveLength(32)
  }
  expect(new Set(Object.values(secrets.keyRings)).size).toBe(Object.keys(secrets.keyRings).length)
  expect(loadSecrets(home)).toEqual(secrets)
})

test('an administrator in the environment replaces the generated one; one without a password is refused', () => {
  const { admin, ...others } = loadSecrets(home)
  const env = { BOOTSTRAP_ADMIN_EMAIL: 'root@example.com', BOOTSTRAP_ADMIN_PASSWORD: 'Sup3r-Root-Pass' }
  const named = { email: 'root@example.com', password: 'Sup3r-Root-Pass' }
  expect(loadSecrets(home, env)).toEqual({ ...others, admin: named })
  expect(loadSecrets(home)).toEqual({ ...others, admin: named })
  expect(() => loadSecrets(home, { BOOTSTRAP_ADMIN_EMAIL: 'root@example.com' })).toThrow('go together')
})

test('a newer release adds its missing key and keeps the others', () => {
  const { keyRings, ...others } = loadSecrets(home)
  const { AUDIT_KEYS, ...older } = keyRings
  writeFileSync(join(home, 'secrets.json'), JSON.stringify({ keyRings: older, ...others }))
  const secrets = loadSecrets(home)
  expect(secrets.keyRings).toMatchObject(older)
  expect(secrets.keyRings.AUDIT_KEYS).not.toBe(AUDIT_KEYS)
  expect(JSON.parse(readFileSync(join(home, 'secrets.json'), 'utf8'))).toEqual(secrets)
})

test('a home with a database and without its secrets is refused with the remedy', () => {
  assertSecretsKept(home)
  // Without this, a Postgres that runs as another user would keep its cluster elsewhere.
  chmodSync(home, 0o711)
  mkdirSync(join(home, 'postgres'))
  writeFileSync(join(home, 'postgres/PG_VERSION'), '18')
  expect(() => assertSecretsKept(home)).toThrow(/secrets\.json is gone.*npm start -- --fresh/)
  loadSecrets(home)
  assertSecretsKept(home)
})

test('a truncated secrets file is refused by name and not changed', () => {
  const path = join(home, 'secrets.json')
  writeFileSync(path, '{ "keyRings": {')
  expect(() => loadSecrets(home)).toThrow(/secrets\.json is damaged.*npm start -- --fresh/)
  expect(readFileSync(path, 'utf8')).toBe('{ "keyRings": {')
})
