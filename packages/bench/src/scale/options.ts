import { parseArgs } from 'node:util'
import { type AssumptionName, type Assumptions, assumptions, defaultAssumptions } from './assumptions.ts'

/** How much of everything an installation has, a day. */
export type Workload = { users: number; tasks: number; messages: number; mails: number }

export type Options =
  | { kind: 'help' }
  | { kind: 'measure'; isSmoke: boolean }
  | { kind: 'docs' }
  | { kind: 'compute'; workloads: Workload[]; assumptions: Assumptions; isJson: boolean }

/** Wrong options; each message names one and says what to write. */
export class WrongOptions extends Error {
  readonly messages: readonly string[]
  constructor(messages: readonly string[]) {
    super(messages.join('\n'))
    this.messages = messages
  }
}

const defaultSizes = [10_000, 1_000_000, 100_000_000]
/** For each user and day. */
const defaultRates = { tasks: 0.5, messages: 5, mails: 0.5 }
const most = 10_000_000_000

export const help = `npm run bench -- scale [options]

Computes what an installation needs, from constants that were measured (packages/bench/src/scale/constants.json).

  --users N       accounts: 10000, 10k or 1M. Without it, three sizes: 10k, 1M and 100M
  --tasks N       new tasks a day (default: ${defaultRates.tasks} for each user)
  --messages N    messages of chats a day (default: ${defaultRates.messages} for each user)
  --mails N       mails a day (default: ${defaultRates.mails} for each user)
  --assume A=X    another value for an assumption; may be repeated
  --json          prints JSON
  --measure       measures the constants on this machine, writes them and the tables of docs/scale.md (about 6 minutes)
  --docs          writes the tables of docs/scale.md from the constants that are there
  --help

Assumptions:
${Object.entries(assumptions)
  .map(([name, { value, what }]) => `  ${name.padEnd(20)}${String(value).padEnd(8)}${what}`)
  .join('\n')}`

/** Parses the arguments behind `scale`. @throws WrongOptions with everything that is wrong */
export function parseOptions(args: readonly string[]): Options {
  const values = read(args)
  if (values.help) return { kind: 'help' }
  if (values.measure) return { kind: 'measure', isSmoke: values.smoke === true }
  if (values.docs) return { kind: 'docs' }
  const wrong: string[] = []
  const users = amount('--users', values.users, wrong, 1)
  const perDay = {
    tasks: amount('--tasks', values.tasks, wrong, 0),
    messages: amount('--messages', values.messages, wrong, 0),
    mails: amount('--mails', values.mails, wrong, 0),
  }
  const named = Object.entries(perDay).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`]))
  if (values.users === undefined && named.length > 0)
    wrong.push(`${named.join(', ')} without --users: say for how many users, e.g. --users 10k.`)
  const assumed = assume(values.assume ?? [], wrong)
  if (wrong.length > 0) throw new WrongOptions(wrong)
  const workloads = users === undefined ? defaultWorkloads() : [{ ...workloadOf(users), ...given(perDay) }]
  return { kind: 'compute', workloads, assumptions: assumed, isJson: values.json === true }
}

/** The workloads of the three sizes. */
export const defaultWorkloads = (): Workload[] => defaultSizes.map(workloadOf)

const workloadOf = (users: number): Workload => ({
  users,
  tasks: Math.round(users * defaultRates.tasks),
  messages: Math.round(users * defaultRates.messages),
  mails: Math.round(users * defaultRates.mails),
})

const given = (perDay: Record<string, number | undefined>) =>
  Object.fromEntries(Object.entries(perDay).filter(([, value]) => value !== undefined))

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        users: { type: 'string' },
        tasks: { type: 'string' },
        messages: { type: 'string' },
        mails: { type: 'string' },
        assume: { type: 'string', multiple: true },
        json: { type: 'boolean' },
        measure: { type: 'boolean' },
        docs: { type: 'boolean' },
        smoke: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw new WrongOptions([`${error instanceof Error ? error.message : error} See npm run bench -- scale --help.`])
  }
}

const suffixes: Record<string, number> = { k: 1e3, M: 1e6, G: 1e9 }

function amount(option: string, text: string | undefined, wrong: string[], min: number): number | undefined {
  if (text === undefined) return undefined
  const [, digits = '', suffix = ''] = /^(\d+(?:\.\d+)?)([kMG]?)$/.exec(text) ?? []
  const value = Math.round(Number(digits) * (suffixes[suffix] ?? 1))
  if (digits !== '' && value >= min && value <= most) return value
  wrong.push(`${option} is "${text}": write a number from ${min} to ${most}, e.g. 10000, 10k or 1M.`)
  return undefined
}

function assume(given: readonly string[], wrong: string[]): Assumptions {
  const assumed = defaultAssumptions()
  for (const text of given) {
    const [, name = '', digits = ''] = /^(\w+)=(.*)$/.exec(text) ?? []
    const known = Object.hasOwn(assumptions, name) ? assumptions[name as AssumptionName] : undefined
    if (!known) {
      wrong.push(`--assume ${text}: write NAME=VALUE; the names are ${Object.keys(assumptions).join(', ')}.`)
      continue
    }
    const value = /^\d+(\.\d+)?$/.test(digits) ? Number(digits) : Number.NaN
    if (value >= known.min && value <= known.max) assumed[name as AssumptionName] = value
    else wrong.push(`--assume ${text}: ${name} (${known.what}) is a number from ${known.min} to ${known.max}.`)
  }
  return assumed
}
