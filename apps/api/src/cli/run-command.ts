import { parseArgs } from 'node:util'
import { newRequestId, withCause } from '@muster/cause'
import { version } from '@muster/telemetry/version'
import { terminalLine, terminalText, visibleJson } from '@muster/text'
import { type Command, describeCommands, type Given, optionsOf, UsageError } from './command.ts'
import { commands } from './commands.ts'
import { type Surroundings, withSurroundings } from './surroundings.ts'
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

const help = (shown: readonly Command[]) => `${usage}\n${operating}\n${describeCommands(shown)}\n${ending}`

/**
 * Runs the command that the arguments name, and writes what it has to say to the surroundings. It touches nothing else of its process.
 * @param words the arguments of the command line
 * @returns the exit code: 0 done, 1 refused or not well, 2 wrong usage
 */
export async function runCommand(words: readonly string[], around: Surroundings): Promise<number> {
  const isJson = words.includes('--json')
  try {
    const { lines, isWell = true } = await withSurroundings(around, () => answer(words, isJson))
    around.stdout.write(lines.map((line) => `${line}\n`).join(''))
    return isWell ? 0 : 1
  } catch (error) {
    const { message, code } = error as Error & { code?: string }
    const text = isJson
      ? visibleJson(JSON.stringify({ error: { code: code ?? null, message } }))
      : terminalText(message)
    around.stderr.write(`${text}\n`)
    // Wrong input is wrong usage, wherever it is noticed.
    return error instanceof UsageError || code === 'VALIDATION_FAILED' ? 2 : 1
  }
}

type Answer = { lines: readonly string[]; isWell?: boolean | undefined }

async function answer(words: readonly string[], isJson: boolean): Promise<Answer> {
  const [group = '', verb = ''] = words
  if (['--version', '-V', 'version'].includes(group)) return { lines: [isJson ? JSON.stringify({ version }) : version] }
  const isHelp = ['help', '--help', '-h'].includes(group)
  if (isHelp || ['--help', '-h'].includes(verb)) {
    const asked = commands.filter(({ name }) => isHelp || `${name} `.startsWith(`${group} `))
    return { lines: [help(asked.length > 0 ? asked : commands)] }
  }
  const command = commandOf(words)
  if (!command) throw new UsageError(group === '' ? help(commands) : explainUnknownCommand(words))
  const given = read(command, words.slice(command.name.split(' ').length))
  if (!given) return { lines: [`${headline}\n\n${describeCommands([command])}\n${ending}`] }
  const { data, lines, isWell } = await withCause({ requestId: newRequestId() }, () => command.run(given))
  return { lines: isJson ? [visibleJson(JSON.stringify(data))] : lines.map(terminalLine), isWell }
}

/** Finds the command with the longest name with which the arguments begin. */
function commandOf(words: readonly string[]): Command | undefined {
  const named = (length: number) => commands.find(({ name }) => name === words.slice(0, length).join(' '))
  return named(3) ?? named(2) ?? named(1)
}

/** Parses the arguments of a command; undefined when they ask for help. @throws UsageError for arguments that it does not take */
function read(command: Command, rest: readonly string[]): Given | undefined {
  let parsed: ReturnType<typeof parseArgs>
  try {
    parsed = parseArgs({ args: [...rest], options: optionsOf(command), allowPositionals: true })
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
