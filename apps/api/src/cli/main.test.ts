import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { programFile } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { login } from '../modules/sign-in/testing/sign-in-fixtures.ts'
import { buildTestApp, type TestApp } from '../testing/test-app.ts'
import { cliMain, environmentOf, musterProcess } from './testing/cli-fixtures.ts'

let api: TestApp
beforeAll(async () => {
  api = await buildTestApp()
})
afterAll(() => api.close())

test('the process of a command exits with its code, and writes results and faults to different streams', async () => {
  const [done, refused, wrong] = await Promise.all(
    ['users list', 'users show nobody_at_all --json', 'nonsense'].map((args) => musterProcess(api, args)),
  )
  expect(done).toEqual({ code: 0, stdout: expect.stringContaining('page 1 of'), stderr: '' })
  expect(refused).toEqual({ code: 1, stdout: '', stderr: expect.stringContaining('"code":"NOT_FOUND"') })
  expect(wrong).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining('no command `nonsense`') })
})

test('the process of `admin create` reads the password from its standard input', async () => {
  const made = await musterProcess(api, 'admin create --email piped@example.test', { input: 'P1ped-Password\n' })
  expect(made).toEqual({ code: 0, stdout: 'piped@example.test is a super admin.\n', stderr: '' })
  expect((await login(api.connect(), 'piped@example.test', 'P1ped-Password')).statusCode).toBe(200)
})

test('a reader that closes the pipe early is no error', async () => {
  const child = spawn(process.execPath, [programFile(cliMain), '--help'], {
    env: environmentOf(api),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.destroy()
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  expect([code, stderr]).toEqual([0, ''])
})
