import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keepSecrets, refuseLostSecrets } from './secrets.ts'

let home: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'muster-secrets-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

test('secrets are random, readable by their owner alone and kept across starts', () => {
  const secrets = keepSecrets(home)
  expect(statSync(join(home, 'secrets.json')).mode & 0o777).toBe(0o600)
  for (const ring of Object.values(secrets.keyRings)) {
    expect(Buffer.from(ring.split(':')[1] ?? '', 'base64')).toHaveLength(32)
  }
  expect(new Set(Object.values(secrets.keyRings)).size).toBe(Object.keys(secrets.keyRings).length)
  expect(keepSecrets(home)).toEqual(secrets)
})

test('an administrator of the environment takes the place of the one that was made up, and half of one is refused', () => {
  const { admin, ...others } = keepSecrets(home)
  const env = { BOOTSTRAP_ADMIN_EMAIL: 'root@example.com', BOOTSTRAP_ADMIN_PASSWORD: 'Sup3r-Root-Pass' }
  const named = { email: 'root@example.com', password: 'Sup3r-Root-Pass' }
  expect(keepSecrets(home, env)).toEqual({ ...others, admin: named })
  expect(keepSecrets(home)).toEqual({ ...others, admin: named })
  expect(() => keepSecrets(home, { BOOTSTRAP_ADMIN_EMAIL: 'root@example.com' })).toThrow('go together')
})

test('a newer release adds the key that it needs and leaves the others', () => {
  const { keyRings, ...others } = keepSecrets(home)
  const { AUDIT_KEYS, ...older } = keyRings
  writeFileSync(join(home, 'secrets.json'), JSON.stringify({ keyRings: older, ...others }))
  const secrets = keepSecrets(home)
  expect(secrets.keyRings).toMatchObject(older)
  expect(secrets.keyRings.AUDIT_KEYS).not.toBe(AUDIT_KEYS)
  expect(JSON.parse(readFileSync(join(home, 'secrets.json'), 'utf8'))).toEqual(secrets)
})

test('a home whose database is there but whose secrets are gone is refused, and says what to do', () => {
  refuseLostSecrets(home)
  // Postgres that runs as another user keeps a cluster elsewhere when it can't get to this one.
  chmodSync(home, 0o711)
  mkdirSync(join(home, 'postgres'))
  writeFileSync(join(home, 'postgres/PG_VERSION'), '18')
  expect(() => refuseLostSecrets(home)).toThrow(/secrets\.json is gone.*npm start -- --fresh/)
  keepSecrets(home)
  refuseLostSecrets(home)
})

test('secrets that were cut off are refused by the name of their file, and left as they are', () => {
  const path = join(home, 'secrets.json')
  writeFileSync(path, '{ "keyRings": {')
  expect(() => keepSecrets(home)).toThrow(/secrets\.json is damaged.*npm start -- --fresh/)
  expect(readFileSync(path, 'utf8')).toBe('{ "keyRings": {')
})
