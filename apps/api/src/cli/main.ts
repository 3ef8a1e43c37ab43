import { parseArgs } from 'node:util'
import { version } from '@muster/telemetry/version'
import { terminalLine, terminalText, visibleJson } from '@muster/text'
import { type Command, describeCommands, type Given, optionsOf, UsageError } from './command.ts'

const usage = `pnpm muster <command> [--json], with the API's environment; without DATABASE_URL, on the copy that \`npm start\` runs here
pnpm muster --version tells the release
`

const ending = `
A <person> is an id, an e-mail or a username; a <queue> is email, audit, reminder or image; a <mail> is an id; a <ring> is a variable,
e.g. AUDIT_KEYS.
Exit codes: 0 done, 1 refused or not well, 2 no such command.
`

/** Loaded when it is asked for: a command needs neither hashing nor queues that another one does. */
const load = {
  keys: () => import('./keys.ts'),
  admin: () => import('./admin.ts'),
  people: () => import('./people.ts'),
  queues: () => import('./queues.ts'),
  mail: () => import('./mail.ts'),
  audit: () => import('./audit.ts'),
}

const person = ['person'] as const
const failedJob = ['queue', 'job'] as const
const mail = ['mail'] as const

const commands: readonly Command[] = [
  {
    name: 'keys new',
    summary: 'print a new key for any key ring',
    run: async () => (await load.keys()).newKey(),
  },
  {
    name: 'keys list',
    summary: 'the keys of each ring, and how much each encryption key still seals',
    run: async () => (await load.keys()).listKeys(),
  },
  {
    name: 'keys check',
    summary: 'whether each key fits the database, which rows still need it, and whether it may go',
    run: async () => (await load.keys()).checkKeys(),
  },
  {
    name: 'keys forget',
    args: ['ring', 'key'],
    summary: 'give a lost key up, so that processes start without it',
    run: async ({ args }) => (await load.keys()).forgetLostKey({ ring: args[0], keyId: args[1] }),
  },
  {
    name: 'keys re-encrypt',
    summary: 'seal everything with the current encryption key; safe to repeat, and beside a running API',
    run: async () => (await load.keys()).reEncryptAll(),
  },
  {
    name: 'admin create',
    options: { email: 'e-mail', name: 'name' },
    summary: 'make a super admin; the password comes on standard input, or is made and printed',
    run: async ({ options }) => (await load.admin()).createAdmin(options),
  },
  {
    name: 'admin list',
    summary: 'who administrates: super_admin, site_admin and operator',
    run: async () => (await load.people()).listAdmins(),
  },
  {
    name: 'admin reset-two-factor',
    args: person,
    summary: 'turn off the second factor of somebody who lost it, recovery codes included; they are mailed',
    run: async ({ args }) => (await load.people()).resetTwoFactor(args[0] as string),
  },
  {
    name: 'users list',
    options: { q: 'text', role: 'role', active: 'true|false', page: 'number', limit: 'number' },
    summary: 'people, the newest first',
    run: async ({ options }) => (await load.people()).listPeople(options),
  },
  {
    name: 'users show',
    args: person,
    summary: 'one person',
    run: async ({ args }) => (await load.people()).showPerson(args[0] as string),
  },
  {
    name: 'users deactivate',
    args: person,
    summary: 'take an account out of use; its sessions end within a second',
    run: async ({ args }) => (await load.people()).changePerson(args[0] as string, { isActive: false }),
  },
  {
    name: 'users reactivate',
    args: person,
    summary: 'put an account back into use',
    run: async ({ args }) => (await load.people()).changePerson(args[0] as string, { isActive: true }),
  },
  {
    name: 'users set-role',
    args: ['person', 'role'],
    summary: 'give a person another role',
    run: async ({ args }) => (await load.people()).changePerson(args[0] as string, { role: args[1] }),
  },
  {
    name: 'users revoke-sessions',
    args: person,
    summary: 'end all sessions of a person',
    run: async ({ args }) => (await load.people()).revokeSessionsOf(args[0] as string),
  },
  {
    name: 'users drop-cache',
    args: person,
    summary: 'have the next reading of a profile ask the database',
    run: async ({ args }) => (await load.people()).dropCacheOf(args[0] as string),
  },
  {
    name: 'queues list',
    summary: 'count the jobs of each queue, and those that wait before them',
    run: async () => (await load.queues()).listQueues(),
  },
  {
    name: 'queues failed',
    args: ['queue'],
    options: { limit: 'number', cursor: 'job' },
    summary: 'jobs that failed for good, with the reason',
    run: async ({ args, options }) => (await load.queues()).listFailedJobs(args[0], options),
  },
  {
    name: 'queues retry',
    args: failedJob,
    summary: 'run a failed job again',
    run: async ({ args }) => (await load.queues()).retryJob(args[0], args[1]),
  },
  {
    name: 'queues discard',
    args: failedJob,
    summary: 'give a failed job up: it is owed no more',
    run: async ({ args }) => (await load.queues()).discardJob(args[0], args[1]),
  },
  {
    name: 'mail list',
    options: { status: 'status', to: 'address', limit: 'number', cursor: 'mail' },
    summary: 'mails and how they went, the newest first; the status is queued, sending, sent, failed or dropped',
    run: async ({ options }) => (await load.mail()).listMails(options),
  },
  {
    name: 'mail show',
    args: mail,
    summary: 'how one mail went, and whether its address is suppressed',
    run: async ({ args }) => (await load.mail()).showMail(args[0] as string),
  },
  {
    name: 'mail resend',
    args: mail,
    summary: 'send a mail again; one with a code or a link that only its recipient may have is refused',
    run: async ({ args }) => (await load.mail()).resendMail(args[0] as string),
  },
  {
    name: 'mail suppressions',
    options: { address: 'address', page: 'number', limit: 'number' },
    summary: 'addresses to which nothing is sent, with what the mail server said, the newest first',
    run: async ({ options }) => (await load.mail()).listSuppressed(options),
  },
  {
    name: 'mail suppressions remove',
    args: ['address'],
    summary: 'lift a suppression: the address takes mail again',
    run: async ({ args }) => (await load.mail()).liftSuppressed(args[0] as string),
  },
  {
    name: 'audit verify',
    options: { head: 'seq.hash.keyId.signature', heads: 'file' },
    summary: 'follow the whole chain of the audit log, and compare it with heads from the audit worker’s log',
    run: async ({ options }) => (await load.audit()).verifyAudit(options),
  },
]

// Who reads only the beginning (`| head`) has what they wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  throw error
})
const out = (text: string) => void process.stdout.write(`${text}\n`)
const isJson = process.argv.includes('--json')

/** @returns the exit code */
async function run(words: string[]): Promise<number> {
  const [group = '', verb = ''] = words
  if (['--version', '-V', 'version'].includes(group)) {
    out(isJson ? JSON.stringify({ version }) : version)
    return 0
  }
  const isHelp = ['help', '--help', '-h'].includes(group)
  if (isHelp || ['--help', '-h'].includes(verb)) {
    const asked = commands.filter(({ name }) => isHelp || name.startsWith(`${group} `))
    out(`${usage}\n${describeCommands(asked.length > 0 ? asked : commands)}\n${ending}`)
    return 0
  }
  const command = commandOf(words)
  if (!command) throw new UsageError(`${usage}\n${describeCommands(commands)}\n${ending}`)
  const given = read(command, words.slice(command.name.split(' ').length))
  if (!given) {
    out(`${usage}\n${describeCommands([command])}\n${ending}`)
    return 0
  }
  const { data, lines, isWell = true } = await command.run(given)
  for (const line of isJson ? [visibleJson(JSON.stringify(data))] : lines.map(terminalLine)) out(line)
  return isWell ? 0 : 1
}

/** The command with the longest name that the words begin with. */
function commandOf(words: string[]): Command | undefined {
  const named = (length: number) => commands.find(({ name }) => name === words.slice(0, length).join(' '))
  return named(3) ?? named(2)
}

/** Undefined when help is asked for. @throws UsageError for what the command does not take */
function read(command: Command, rest: string[]): Given | undefined {
  let parsed: ReturnType<typeof parseArgs>
  try {
    parsed = parseArgs({ args: rest, options: optionsOf(command), allowPositionals: true })
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${describeCommands([command])}`)
  }
  const { help, json: _, ...options } = parsed.values
  if (help) return undefined
  if (parsed.positionals.length !== (command.args ?? []).length)
    throw new UsageError(`This is not what the command takes:\n\n${describeCommands([command])}`)
  return { args: parsed.positionals, options: options as Given['options'] }
}

run(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: Error & { code?: string }) => {
    const { message, code } = error
    const told = isJson
      ? visibleJson(JSON.stringify({ error: { code: code ?? null, message } }))
      : terminalText(message)
    process.stderr.write(`${told}\n`)
    process.exitCode = error instanceof UsageError ? 2 : 1
  },
)
