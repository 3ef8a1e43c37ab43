import { isLongForm, type ManualClock, manualClock } from '@muster/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestClient, type TestUser } from '../../testing/test-app.ts'
import { login, mailsTo, password } from '../sign-in/testing/sign-in-fixtures.ts'
import {
  isOver,
  type ModelAnswer,
  type ModelCall,
  type ModelSession,
  newModelSession,
  outcomes,
} from './testing/refresh-model.ts'

/*
 * Compares random histories of refreshes, sent by HTTP to the API on a real Postgres, with the model of refresh-model.ts.
 * Every history must have these properties:
 *
 *  1. Every response is one that the model permits; the responses of parallel calls are those of some serial order.
 *  2. Each generation has one token: every response with generation n has the same text, and no response has a generation
 *     below the current one.
 *  3. A session that has ended (revoked, reused, idle, too old) refuses all tokens that it ever issued, its access tokens
 *     too.
 *  4. A client that alone holds a session, and presents its latest token, is never signed out before the limits, even
 *     when responses are lost and calls race.
 *  5. Sessions do not affect each other.
 *  6. A reuse is recorded once and mailed once; nothing else is.
 */

type Holder = 'owner' | 'thief'
type Call =
  /** Presents the holder's latest token, or the one before it. When the response is lost, the holder gets no new token. */
  | { kind: 'present'; by: Holder; token: 'held' | 'before'; via: 'refresh' | 'renewal'; isLost: boolean }
  | { kind: 'revoke' }
type Command =
  | { kind: 'calls'; session: number; calls: Call[] }
  | { kind: 'steal'; session: number }
  | { kind: 'wait'; ms: number }

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
const sessionCount = 2

const presentCall = fc.record({
  kind: fc.constant('present' as const),
  by: fc.oneof({ weight: 2, arbitrary: fc.constant('owner' as const) }, fc.constant('thief' as const)),
  token: fc.oneof({ weight: 4, arbitrary: fc.constant('held' as const) }, fc.constant('before' as const)),
  via: fc.constantFrom('refresh' as const, 'renewal' as const),
  isLost: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
})
const revokeCall = fc.constant({ kind: 'revoke' as const })
const session = fc.nat({ max: sessionCount - 1 })
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('calls' as const),
      session,
      calls: fc.array(fc.oneof({ weight: 40, arbitrary: presentCall }, revokeCall), { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('steal' as const), session }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.oneof(
        { weight: 30, arbitrary: fc.constantFrom(1, 9_999, 10_000, minuteMs, 16 * minuteMs) },
        { weight: 2, arbitrary: fc.constantFrom(3 * dayMs, 6 * dayMs) },
        { weight: 1, arbitrary: fc.constantFrom(7 * dayMs - 1, 7 * dayMs) },
      ),
    }),
  },
)

let clock: ManualClock
let api: TestApp
let passwordHash: string

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
  passwordHash = await api.deps.passwords.hash(password)
})
afterAll(() => api.close())

/** A session, the tokens that its owner and a thief hold, and the states in which the model permits it to be. */
type Subject = {
  user: TestUser
  /** Every issued token, by generation. */
  tokens: string[]
  /** The generations that each holder has held, the latest last. */
  held: Record<Holder, number[]>
  candidates: ModelSession[]
  /** Whether only the owner has presented tokens, always the latest, and the session was never ended. */
  isUndisturbed: boolean
}
type NumberedCall = ModelCall & { call: Call }

async function newSubject(): Promise<Subject> {
  const user = await api.signUp()
  await api.db.updateTable('users').set({ password_hash: passwordHash }).where('id', '=', user.userId).execute()
  return {
    user,
    tokens: [user.cookies.get('muster_rt') as string],
    held: { owner: [0], thief: [] },
    candidates: [newModelSession(clock.now().getTime())],
    isUndisturbed: true,
  }
}

function steal({ held }: Subject): void {
  held.thief.push(held.owner.at(-1) as number)
}

/** Pairs each call with the generation that its holder presents; leaves out calls of holders without a token. */
function numbered({ held }: Subject, calls: readonly Call[]): NumberedCall[] {
  return calls.flatMap((call): NumberedCall[] => {
    if (call.kind === 'revoke') return [{ kind: 'revoke', call }]
    const n = held[call.by].at(call.token === 'held' ? -1 : -2)
    return n === undefined ? [] : [{ kind: 'present', n, call }]
  })
}

/** Sends all calls in parallel, and compares their responses with those that the model permits. */
async function perform(subject: Subject, given: readonly Call[]): Promise<void> {
  const calls = numbered(subject, given)
  const nowMs = clock.now().getTime()
  const wasOver = subject.candidates.every((candidate) => isOver(candidate, nowMs))
  subject.isUndisturbed &&= calls.every(
    ({ call }) => call.kind === 'present' && call.by === 'owner' && call.token === 'held',
  )
  const answers = await ask(subject, calls)

  // Property 1
  const fitting = subject.candidates
    .flatMap((candidate) => outcomes(candidate, calls, nowMs))
    .filter((outcome) => JSON.stringify(outcome.answers) === JSON.stringify(answers))
  expect(fitting, `${JSON.stringify(calls)} was answered ${JSON.stringify(answers)}`).not.toEqual([])
  subject.candidates = [...new Map(fitting.map(({ after }) => [JSON.stringify(after), after])).values()]
  for (const answer of answers) {
    // Property 3
    if (wasOver) expect(answer).toBeOneOf(['refused', 'nothing to end'])
    // Property 4
    else if (subject.isUndisturbed) expect(answer).toBeTypeOf('number')
  }
  calls.forEach(({ call }, index) => {
    const answer = answers[index]
    if (call.kind === 'present' && !call.isLost && typeof answer === 'number') learn(subject.held[call.by], answer)
  })
}

function learn(held: number[], n: number): void {
  if (held.at(-1) !== n) held.push(n)
}

async function ask(subject: Subject, calls: readonly NumberedCall[]): Promise<ModelAnswer[]> {
  const elsewhere = api.connect()
  const isRevoked = calls.some(({ kind }) => kind === 'revoke')
  if (isRevoked) expect((await login(elsewhere, subject.user.email)).statusCode).toBe(200)
  const newest = subject.tokens.length - 1
  const answers = await Promise.all(
    calls.map(({ call, ...model }) =>
      model.kind === 'present' && call.kind === 'present'
        ? present(subject.tokens[model.n] as string, call.via)
        : revoke(elsewhere, subject.user.sessionId),
    ),
  )
  if (isRevoked) await elsewhere.inject('POST', '/api/v1/auth/logout')
  return answers.map((answer) => (isToken(answer) ? numberOf(subject.tokens, answer, newest) : answer))
}

type Answer = `k1.${string}` | Exclude<ModelAnswer, number>
const isToken = (answer: Answer): answer is `k1.${string}` => answer.startsWith('k1.')

/** Checks property 2. @returns the token's generation */
function numberOf(tokens: string[], token: string, newest: number): number {
  const n = Number(token.split('.')[2])
  tokens[n] ??= token
  expect(token).toBe(tokens[n])
  expect(n).toBeGreaterThanOrEqual(newest)
  return n
}

async function present(token: string, via: 'refresh' | 'renewal'): Promise<Answer> {
  const client = api.connect(new Map([['muster_rt', token]]))
  const answer = await (via === 'refresh'
    ? client.inject('POST', '/api/v1/auth/refresh')
    : client.inject('GET', '/api/v1/users/me'))
  expect(answer.statusCode).toBeOneOf([200, 401])
  const cookie = answer.cookies.find(({ name }) => name === 'muster_rt')?.value
  // A refused request sets no cookies.
  expect(cookie === undefined).toBe(answer.statusCode === 401)
  return (cookie as Answer | undefined) ?? 'refused'
}

async function revoke(client: TestClient, sessionId: string): Promise<Answer> {
  const answer = await client.inject('DELETE', `/api/v1/auth/sessions/${sessionId}`)
  expect(answer.statusCode).toBeOneOf([200, 404])
  return answer.statusCode === 200 ? 'ended' : 'nothing to end'
}

/** Checks properties 3 and 6 at the end of a history. */
async function conclude({ user, tokens, candidates }: Subject): Promise<void> {
  const nowMs = clock.now().getTime()
  const row = await api.db
    .selectFrom('sessions')
    .select(['revoked_at', 'revoked_reason'])
    .where('id', '=', user.sessionId)
    .executeTakeFirstOrThrow()
  if (candidates.every((candidate) => isOver(candidate, nowMs))) {
    for (const token of tokens) expect(await present(token as Answer, 'refresh')).toBe('refused')
    const access = api.connect(new Map([['muster_at', user.cookies.get('muster_at') as string]]))
    expect((await access.inject('GET', '/api/v1/users/me')).statusCode).toBe(401)
  }
  const isReused = row.revoked_reason === 'refresh token reused'
  const [reused, compromised] = [await countEvents(user.sessionId), await countMails(user.email)]
  expect([reused, compromised]).toEqual(isReused ? [1, 1] : [0, 0])
  for (const { end } of candidates) expect(end === 'reused').toBe(isReused)
}

const countEvents = async (sessionId: string) =>
  (
    await api.db
      .selectFrom('audit_pending')
      .select('id')
      .where('target_id', '=', sessionId)
      .where('action', '=', 'session.refresh_reused')
      .execute()
  ).length

const countMails = async (email: string) =>
  (await mailsTo(api, email)).filter(({ template }) => template === 'session-compromised').length

test('any history of refreshes, lost responses, thefts and revocations matches the model', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 40, size: 'max' }), async (commands) => {
      // Property 5: each session is compared with a model of its own.
      const subjects = await Promise.all(Array.from({ length: sessionCount }, newSubject))
      for (const command of commands) {
        if (command.kind === 'wait') {
          clock.advance(command.ms)
          continue
        }
        const subject = subjects[command.session] as Subject
        if (command.kind === 'steal') steal(subject)
        else await perform(subject, command.calls)
      }
      for (const subject of subjects) await conclude(subject)
    }),
    { numRuns: isLongForm ? 400 : 40 },
  )
}, 300_000)
