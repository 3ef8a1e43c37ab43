import { parseArgs } from 'node:util'
import { newRequestId, withCause } from '@muster/cause'
import { version } from '@muster/telemetry/version'
import { terminalLine, terminalText, visibleJson } from '@muster/text'
import { type Command, describeCommands, type Given, optionsOf, UsageError } from './command.ts'
import { commands } from './commands.ts'
import { explainUnknownCommand } from './unknown-command.ts'

const headline = 'muster [--env-file <path>] <command> [--json]'

const usage = `${headline}

  api | email-worker | audit-worker | reminder-worker | image-worker
                                    run one process of Muster; \`api:2\`, \`email-worker:3\` with ports of their own
  all [--migrate]                   run all five, starting each again that ends; \`muster all --help\`
  migrate [status|rollback]         apply the missing migrations, list them, or undo the newest
  ready <ops port>                  ask a process of this machine whether it is ready
  --version                         print the release
`

const operating = `For the operator, with the API's environment; in the repository without DATABASE_URL, on the copy that \`npm start\` runs:
`

const ending = `
A <request> is an X-Request-Id of Muster, also with what is around it in a log line. A <person> is an id, an e-mail or a username; a <queue> is email, audit, reminder or image; a <mail> is an id; a <ring> is a variable,
e.g. AUDIT_KEYS.
Exit codes: 0 done, 1 refused or not well, 2 wrong usage: no such command, option, argument or value.
`

// A reader that closes the pipe early (`| head`) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  throw error
})
const out = (text: string) => void process.stdout.write(`${text}\n`)
const isJson = process.argv.includes('--json')

const help = (shown: readonly Command[]) => `${usage}\n${operating}\n${describeCommands(shown)}\n${ending}`

/** Runs the command that the arguments name. @returns the exit code */
async function run(words: string[]): Promise<number> {
  const [group = '', verb = ''] = words
  if (['--version', '-V', 'version'].includes(group)) {
    out(isJson ? JSON.stringify({ version }) : version)
    return 0
  }
  const isHelp = ['help', '--help', '-h'].includes(group)
  if (isHelp || ['--help', '-h'].includes(verb)) {
    const asked = commands.filter(({ name }) => isHelp || `${name} `.startsWith(`${group} `))
    out(help(asked.length > 0 ? asked : commands))
    return 0
  }
  const command = commandOf(words)
  if (!command) throw new UsageError(group === '' ? help(commands) : explainUnknownCommand(words))
  const given = read(command, words.slice(command.name.split(' ').length))
  if (!given) {
    out(`${headline}\n\n${describeCommands([command])}\n${ending}`)
    return 0
  }
  const { data, lines, isWell = true } = await withCause({ requestId: newRequestId() }, () => command.run(given))
  for (const line of isJson ? [visibleJson(JSON.stringify(data))] : lines.map(terminalLine)) out(line)
  return isWell ? 0 : 1
}

/** Finds the command with the longest name with which the arguments begin. */
function commandOf(words: string[]): Command | undefined {
  const named = (length: number) => commands.find(({ name }) => name === words.slice(0, length).join(' '))
  return named(3) ?? named(2) ?? named(1)
}

/** Parses the arguments of a command; undefined when they ask for help. @throws UsageError for arguments that it does not take */
function read(command: Command, rest: string[]): Given | undefined {
  let parsed: ReturnType<typeof parseArgs>
  try {
    parsed = parseArgs({ args: rest, options: optionsOf(command), allowPositionals: true })
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${describeCommands([command])}`)
  }
  const { help, json, ...options } = parsed.values
  if (help) return undefined
  const needed = command.args?.length ?? 0
  const { length } = parsed.positionals
  if (length < needed || length > needed + (command.optional ? 1 : 0))
    throw new UsageError(`The command takes other arguments:\n\n${describeCommands([command])}`)
  const flags = new Set([...(command.flags?.filter((name) => options[name] === true) ?? []), ...(json ? ['json'] : [])])
  return { args: parsed.positionals, options: options as Given['options'], flags }
}

run(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
    // A connection to a server that is frozen would keep the process from ending.
    process.stdout.write('', () => process.exit())
  },
  (error: Error & { code?: string }) => {
    const { message, code } = error
    const text = isJson
      ? visibleJson(JSON.stringify({ error: { code: code ?? null, message } }))
      : terminalText(message)
    process.stderr.write(`${text}\n`)
    // Wrong input is wrong usage, wherever it is noticed.
    process.exitCode = error instanceof UsageError || code === 'VALIDATION_FAILED' ? 2 : 1
  },
)
