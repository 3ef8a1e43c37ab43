import { parseArgs } from 'node:util'

export const usage = `npm run chaos -- --url https://muster.example.com [options]

Works in a running Muster as its users do, while you kill what you like, and tells afterwards what was lost, repeated and out of reach.
  --url URL          the address of the API, as browsers reach it
  --email ADDRESS    signs in as this user, without a second factor; the password is read from the variable CHAOS_PASSWORD
  --inbox URL        instead of --email: registers new users, and reads their codes from this MailDev (http://127.0.0.1:1080)
  --users N          with --inbox: how many users, 1 to 20 (2)
  --for DURATION     how long it works, e.g. 90s or 10m (2m), at most 1h
  --keep             keeps the tasks that it creates
  --yes              begins without asking
  --json PATH        where the whole report is written (chaos-results.json)
`

export type DeploymentOptions = {
  url: string
  signIn: { email: string; password: string } | { inbox: string; users: number }
  forMs: number
  isKept: boolean
  isConfirmed: boolean
  jsonPath: string | undefined
}

/** The arguments are wrong; the message says how. */
export class OptionsError extends Error {}

const maxUsers = 20
const maxForMs = 3_600_000

/** Reads the arguments. @throws OptionsError */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): DeploymentOptions {
  const { values } = parse(args)
  const url = httpUrl(values.url, '--url')
  const users = Number(values.users ?? 2)
  if (!Number.isInteger(users) || users < 1 || users > maxUsers)
    throw new OptionsError(`--users is a number from 1 to ${maxUsers}.`)
  if ((values.email === undefined) === (values.inbox === undefined))
    throw new OptionsError('Give either --email with CHAOS_PASSWORD, or --inbox.')
  if (values.email !== undefined && !env.CHAOS_PASSWORD)
    throw new OptionsError('CHAOS_PASSWORD is not set: it holds the password of the user that --email names.')
  const signIn =
    values.email === undefined
      ? { inbox: httpUrl(values.inbox, '--inbox'), users }
      : { email: values.email, password: env.CHAOS_PASSWORD as string }
  return {
    url,
    signIn,
    forMs: durationMs(values.for ?? '2m'),
    isKept: values.keep ?? false,
    isConfirmed: values.yes ?? false,
    jsonPath: values.json,
  }
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({
      args: [...args],
      options: { url: text, email: text, inbox: text, users: text, for: text, json: text, keep: flag, yes: flag },
    })
  } catch (error) {
    throw new OptionsError((error as Error).message)
  }
}

function httpUrl(text: string | undefined, option: string): string {
  const url = text === undefined ? null : URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol))
    throw new OptionsError(`${option} is an address such as https://muster.example.com.`)
  return url.href.replace(/\/$/, '')
}

function durationMs(text: string): number {
  const [, amount, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? []
  const ms = Number(amount) * { s: 1_000, m: 60_000, h: 3_600_000 }[(unit ?? 's') as 's' | 'm' | 'h']
  if (!(ms > 0 && ms <= maxForMs)) throw new OptionsError('--for is a duration such as 90s or 10m, at most 1h.')
  return ms
}
