import { parseArgs } from 'node:util'
import { table } from '../table.ts'
import { type Account, createAccount, signIn } from './account.ts'
import { measureRemote, titlePrefix } from './measurements.ts'

const maxRequests = 200

/**
 * Measures a deployment from outside, at its address, with the account of `BENCH_EMAIL` and `BENCH_PASSWORD`. Tells first what it will write, and goes on
 * with `--yes` alone; at the end, also an early one, it deletes what it wrote.
 * @returns the exit code
 */
export async function runRemote(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { url: { type: 'string' }, yes: { type: 'boolean' }, requests: { type: 'string', default: '50' } },
  })
  const origin = originOf(values.url ?? '')
  const requests = Number(values.requests)
  if (!Number.isInteger(requests) || requests < 1 || requests > maxRequests)
    throw new Error(`--requests ${values.requests}: write a number from 1 to ${maxRequests}.`)
  const credentials = readCredentials()
  console.log(planOf(origin, credentials.email, requests))
  if (!values.yes) {
    console.log('\nNothing was sent. Add --yes to begin.')
    return 2
  }

  const ending = new AbortController()
  const end = () => ending.abort(new Error('Interrupted.'))
  process.once('SIGINT', end).once('SIGTERM', end)
  const account = createAccount(origin, ending.signal)
  await signIn(account, credentials)
  const taskIds = new Set<string>()
  try {
    const onTask = (id: string) => void taskIds.add(id)
    const lines = await measureRemote({ origin, account, credentials, requests, signal: ending.signal, onTask })
    console.log(`\n${table(lines)}`)
    console.log(
      '\nlimit: GET /auth/config, a constant answer over the same network. Growth and memory cannot be seen from outside: npm run bench measures them.',
    )
    return 0
  } catch (error) {
    throw ending.signal.aborted ? ending.signal.reason : error
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end)
    await cleanUp(account, taskIds)
  }
}

/** @throws Error when the address is none, or would send the password in plain text over a network */
function originOf(text: string): string {
  if (!URL.canParse(text))
    throw new Error(`--url ${text}: write the address of the API, such as https://api.example.com.`)
  const { protocol, hostname, origin } = new URL(text)
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  if (protocol === 'https:' || (protocol === 'http:' && isHere)) return origin
  throw new Error(`--url ${text}: write https://, since a password is sent.`)
}

function readCredentials(): { email: string; password: string } {
  const { BENCH_EMAIL: email, BENCH_PASSWORD: password } = process.env
  if (email && password) return { email, password }
  throw new Error('Set BENCH_EMAIL and BENCH_PASSWORD to an account of the deployment without a second factor.')
}

const planOf = (
  origin: string,
  email: string,
  requests: number,
) => `${origin}, as ${email}, one request after the other, at most 10 a second:
  reads   users/me, a task, a list of tasks, ${requests} times each
  writes  about ${requests + 20} tasks named "${titlePrefix} …", which are deleted at the end; six sign-ins, which are signed out.
          The audit log keeps all of it, and the owner may get a mail about a new device`

/** Deletes the tasks and ends the session. Goes on after a failure, and tells what stays. */
async function cleanUp(account: Account, taskIds: ReadonlySet<string>): Promise<void> {
  account.ignoreInterruption()
  const stays: string[] = []
  for (const id of taskIds) await account.send('DELETE', `/tasks/${id}`).catch(() => stays.push(id))
  await account.send('POST', '/auth/logout').catch(() => {})
  console.log(`\n${taskIds.size - stays.length} tasks were deleted, and the session was ended.`)
  if (stays.length > 0)
    console.log(
      `These tasks are still there: ${stays.join(', ')}. Delete them: their titles begin with "${titlePrefix}".`,
    )
}
