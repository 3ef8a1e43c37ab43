import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { sumBy } from '../report/report.ts'
import { type Outage, watchAvailability } from './availability.ts'
import { type DeploymentOptions, OptionsError, readOptions, usage } from './options.ts'
import { type Person, SignInError, signInAll } from './sign-in.ts'
import { type DeploymentReport, describeDeployment } from './summary.ts'
import { startWork } from './work.ts'

const settleMs = 60_000
const progressMs = 10_000

/** Works in a running Muster and prints what was lost, repeated and out of reach. @returns the exit code */
export async function tryDeployment(args: readonly string[]): Promise<number> {
  try {
    const options = readOptions(args, process.env)
    console.log(describePlan(options))
    if (!(await isConfirmed(options))) return 2
    const people = await signInAll(options)
    try {
      return await run(people, options)
    } finally {
      for (const { writer, reader } of people) for (const muster of [writer, reader]) muster.close()
    }
  } catch (error) {
    if (error instanceof OptionsError) console.error(`${error.message}\n\n${usage}`)
    else if (error instanceof SignInError) console.error(error.message)
    else throw error
    return error instanceof OptionsError ? 2 : 1
  }
}

/** Tells what will be done to the deployment, before it is done. */
function describePlan({ url, signIn, forMs, isKept }: DeploymentOptions): string {
  const who =
    'email' in signIn
      ? `signs in twice as ${signIn.email}, who is mailed about a new device`
      : `registers ${signIn.users} users at example.test, which stay, and reads their codes at ${signIn.inbox}`
  return [
    `For ${forMs / 1_000} s this works in ${url}. For each user it creates a group chat without other members, about two tasks a second and`,
    'as many messages in the group, and reads the own profile four times a second. It kills nothing: that is for you to do meanwhile.',
    `It ${who}.`,
    isKept
      ? 'Tasks and messages stay. Their titles begin with "chaos-".'
      : 'Afterwards it deletes its tasks and leaves the group; both stay in the audit log.',
  ].join('\n')
}

async function isConfirmed({ isConfirmed: isGiven }: DeploymentOptions): Promise<boolean> {
  if (isGiven) return true
  if (!process.stdin.isTTY) {
    console.error('Nobody can be asked here: give --yes to begin.')
    return false
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question('Begin? (yes/no) ')
  terminal.close()
  return answer.trim().toLowerCase() === 'yes'
}

async function run(people: readonly Person[], options: DeploymentOptions): Promise<number> {
  const name = `chaos-${randomBytes(4).toString('hex')}`
  const works = await Promise.all(people.map((person, index) => startWork(person, `${name}-${index}`)))
  const watches = people.map(({ writer }) => watchAvailability(writer))
  console.log(`\nIt works (${name}). Kill, freeze and restart what you like; Ctrl-C ends it early.`)
  const stop = Promise.withResolvers<void>()
  const onSignal = () => stop.resolve()
  process.once('SIGINT', onSignal)
  const progress = setInterval(() => {
    console.log(`${works.reduce((sum, work) => sum + work.acknowledged(), 0)} acknowledged`)
  }, progressMs)
  await Promise.race([sleep(options.forMs), stop.promise])
  clearInterval(progress)
  console.log('It stops working, waits for what was begun, and compares.')
  const ledgers = await Promise.all(works.map((work) => work.settle(settleMs)))
  const outages: Outage[] = (await Promise.all(watches.map((watch) => watch.stop()))).flat()
  if (!options.isKept) await Promise.all(works.map((work) => work.cleanUp()))
  process.off('SIGINT', onSignal)

  const report: DeploymentReport = {
    url: options.url,
    run: name,
    at: new Date().toISOString(),
    probes: watches.reduce((sum, watch) => sum + watch.requests(), 0),
    outages,
    effects: sumBy(ledgers.flat()),
  }
  const file = options.jsonPath ?? join(process.env.INIT_CWD ?? process.cwd(), 'chaos-results.json')
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
  console.log(`\n${describeDeployment(report)}\n\nEach outage stands in ${file}.`)
  return report.effects.some(({ lost, repeated }) => lost + repeated > 0) ? 1 : 0
}
