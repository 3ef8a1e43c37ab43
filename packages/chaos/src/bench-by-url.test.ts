import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { eventually, inheritedEnv } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from './system/programs.ts'
import { type System, startSystem } from './system/system.ts'
import type { User } from './users/user.ts'

let system: System
let user: User

beforeAll(async () => {
  system = await startSystem()
  await Promise.all([system.start('api'), system.start('email-worker')])
  user = await system.registeredUser()
})
afterAll(() => system.close())

const credentials = () => ({ BENCH_EMAIL: user.email, BENCH_PASSWORD: user.password })

function startBench(args: string[], env: Record<string, string> = credentials()) {
  const main = join(root, 'packages/bench/src/main.ts')
  const child = spawn(process.execPath, [main, '--url', system.apiUrl, '--requests', '5', ...args], {
    env: { ...inheritedEnv(), ...env },
  })
  const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)])
  return { child, ended: ended.then(([[code], output, errors]) => ({ code, output: output + errors })) }
}

/** Counts the tasks that are left, and the sessions beside that of the user. */
async function leftovers(): Promise<object> {
  const [row] = await system.inspector.query(`
    select (select count(*)::int from tasks) as tasks,
      (select count(*)::int - 1 from sessions where revoked_at is null) as sessions`)
  return row as object
}

test('the bench measures a deployment by its URL, and leaves no task and no session', async () => {
  const { code, output } = await startBench(['--yes']).ended
  expect(output).toMatch(/GET \/users\/me.*p99[\s\S]*task:updated[\s\S]*POST \/auth\/login/)
  expect(code).toBe(0)
  expect(output).toContain('12 tasks were deleted')
  expect(await leftovers()).toEqual({ tasks: 0, sessions: 0 })
})

test('an interrupted bench cleans up too', async () => {
  const { child, ended } = startBench(['--yes', '--requests', '20'])
  await eventually(async () => expect((await system.inspector.query('select from tasks')).length).toBeGreaterThan(3), {
    timeoutMs: 60_000,
  })
  child.kill('SIGINT')
  expect(await ended).toMatchObject({ code: 1, output: expect.stringContaining('Interrupted') })
  expect(await leftovers()).toEqual({ tasks: 0, sessions: 0 })
})

test('the bench tells what it would write and sends nothing without --yes, credentials or https', async () => {
  const before = await system.inspector.query('select count(*) from sessions')
  expect(await startBench([]).ended).toMatchObject({
    code: 2,
    output: expect.stringMatching(/tasks named[\s\S]*Add --yes/),
  })
  expect(await startBench(['--yes'], {}).ended).toMatchObject({
    code: 1,
    output: expect.stringContaining('BENCH_EMAIL'),
  })
  const plain = startBench(['--yes', '--url', 'http://api.example.com'])
  expect(await plain.ended).toMatchObject({ code: 1, output: expect.stringContaining('https://') })
  expect(await system.inspector.query('select count(*) from sessions')).toEqual(before)
})
