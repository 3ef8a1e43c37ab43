import { parseArgs } from 'node:util'
import { newRequestId, withCause } from '@muster/cause'
import { processNames } from '@muster/config'
import { version } from '@muster/telemetry/version'
import { terminalLine, terminalText, visibleJson } from '@muster/text'
import { type Command, describeCommands, type Given, optionsOf, UsageError } from './command.ts'
import { nearestOf } from './nearest-of.ts'

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

/** Modules of the commands, loaded on demand: most commands need neither password hashing nor queues. */
const load = {
  envFile: () => import('./env-file.ts'),
  keys: () => import('./keys.ts'),
  admin: () => import('./admin.ts'),
  users: () => import('./users.ts'),
  queues: () => import('./queues.ts'),
  mail: () => import('./mail.ts'),
  audit: () => import('./audit.ts'),
  files: () => import('./files.ts'),
  connections: () => import('./connections.ts'),
  redis: () => import('./redis.ts'),
  trace: () => import('./trace.ts'),
  backup: () => import('./backup.ts'),
  restore: () => import('./restore.ts'),
  release: () => import('./release.ts'),
  doctor: () => import('./doctor.ts'),
  status: () => import('./status/status.ts'),
}

const person = ['person'] as const
const failedJob = ['queue', 'job'] as const
const mail = ['mail'] as const

const processNumbers = {
  api: 'number',
  'email-worker': 'number',
  'audit-worker': 'number',
  'reminder-worker': 'number',
  'image-worker': 'number',
}

const commands: readonly Command[] = [
  {
    name: 'doctor',
    options: { process: 'names' },
    summary: 'find what is wrong with settings, services, keys, folders, mail and lags, each with its remedy',
    run: async ({ options }) => (await load.doctor()).examine(options),
  },
  {
    name: 'status',
    options: { interval: 'seconds', ops: 'urls' },
    flags: ['once'],
    summary: 'show processes, queues, outbox, mails, reminders and audit; on a terminal refreshed in place until q',
    run: async (given) => (await load.status()).showStatus(given),
  },
  {
    name: 'connections',
    options: processNumbers,
    summary: 'add up the connections to Postgres and Redis of so many processes (each 1), and the sizes of a PgBouncer',
    run: async ({ options }) => (await load.connections()).countConnections(options),
  },
  {
    name: 'keys init',
    optional: 'file',
    options: { 'public-url': 'url' },
    summary: 'make the settings of a new installation with every secret, in a new file or on standard output',
    run: async ({ args, options }) => (await load.envFile()).initEnvFile(args[0], options['public-url']),
  },
  {
    name: 'keys new',
    summary: 'print a new key for any key ring',
    run: async () => (await load.keys()).newKey(),
  },
  {
    name: 'keys list',
    summary: 'list the keys of each ring, and how many secrets each encryption key seals',
    run: async () => (await load.keys()).listKeys(),
  },
  {
    name: 'keys check',
    summary: 'check whether each key fits the database, which rows need it, and whether it can be removed',
    run: async () => (await load.keys()).checkKeys(),
  },
  {
    name: 'keys forget',
    args: ['ring', 'key'],
    summary: 'forget a lost key, so that processes start without it',
    run: async ({ args }) => (await load.keys()).forgetLostKey({ ring: args[0], keyId: args[1] }),
  },
  {
    name: 'keys re-encrypt',
    summary: 're-encrypt all secrets with the current encryption key; safe to repeat, and beside a running API',
    run: async () => (await load.keys()).reEncryptAll(),
  },
  {
    name: 'admin create',
    options: { email: 'e-mail', name: 'name' },
    summary: 'create a super admin; the password is read from standard input, or generated and printed',
    run: async ({ options }) => (await load.admin()).createAdmin(options),
  },
  {
    name: 'admin list',
    summary: 'list the users with a platform role: super_admin, site_admin, operator',
    run: async () => (await load.users()).listAdmins(),
  },
  {
    name: 'admin reset-two-factor',
    args: person,
    summary: 'remove the second factor and recovery codes of a user who lost them; the user is mailed',
    run: async ({ args }) => (await load.users()).resetTwoFactor(args[0] as string),
  },
  {
    name: 'users list',
    options: { q: 'text', role: 'role', active: 'true|false', page: 'number', limit: 'number' },
    summary: 'list users, the newest first',
    run: async ({ options }) => (await load.users()).listUsers(options),
  },
  {
    name: 'users show',
    args: person,
    summary: 'show one user',
    run: async ({ args }) => (await load.users()).showUser(args[0] as string),
  },
  {
    name: 'users deactivate',
    args: person,
    summary: 'deactivate an account; its sessions end within a second',
    run: async ({ args }) => (await load.users()).changeUser(args[0] as string, { isActive: false }),
  },
  {
    name: 'users reactivate',
    args: person,
    summary: 'reactivate an account',
    run: async ({ args }) => (await load.users()).changeUser(args[0] as string, { isActive: true }),
  },
  {
    name: 'users set-role',
    args: ['person', 'role'],
    summary: 'change the role of a user',
    run: async ({ args }) => (await load.users()).changeUser(args[0] as string, { role: args[1] }),
  },
  {
    name: 'users revoke-sessions',
    args: person,
    summary: 'end all sessions of a user',
    run: async ({ args }) => (await load.users()).revokeSessions(args[0] as string),
  },
  {
    name: 'users drop-cache',
    args: person,
    summary: 'remove the cached profile of a user',
    run: async ({ args }) => (await load.users()).dropCachedProfile(args[0] as string),
  },
  {
    name: 'queues list',
    summary: 'count the jobs of each queue and of the outbox',
    run: async () => (await load.queues()).listQueues(),
  },
  {
    name: 'queues failed',
    args: ['queue'],
    options: { limit: 'number', cursor: 'job' },
    summary: 'list the jobs that failed for good, with the reason',
    run: async ({ args, options }) => (await load.queues()).listFailedJobs(args[0], options),
  },
  {
    name: 'queues retry',
    args: failedJob,
    summary: 'retry a failed job',
    run: async ({ args }) => (await load.queues()).retryJob(args[0], args[1]),
  },
  {
    name: 'queues discard',
    args: failedJob,
    summary: 'discard a failed job, so that it never runs',
    run: async ({ args }) => (await load.queues()).discardJob(args[0], args[1]),
  },
  {
    name: 'mail list',
    options: { status: 'status', to: 'address', limit: 'number', cursor: 'mail' },
    summary: 'list mails and their delivery, the newest first; the status is queued, sending, sent, failed or dropped',
    run: async ({ options }) => (await load.mail()).listMails(options),
  },
  {
    name: 'mail show',
    args: mail,
    summary: 'show the delivery of one mail, and whether its address is suppressed',
    run: async ({ args }) => (await load.mail()).showMail(args[0] as string),
  },
  {
    name: 'mail resend',
    args: mail,
    summary: 'resend a mail; refused for a mail with a code or a link for its recipient alone',
    run: async ({ args }) => (await load.mail()).resendMail(args[0] as string),
  },
  {
    name: 'mail suppressions',
    options: { address: 'address', page: 'number', limit: 'number' },
    summary: 'list the suppressed addresses with the answer of the mail server, the newest first',
    run: async ({ options }) => (await load.mail()).listSuppressed(options),
  },
  {
    name: 'mail suppressions remove',
    args: ['address'],
    summary: 'lift the suppression of an address, so that mail is sent to it again',
    run: async ({ args }) => (await load.mail()).liftSuppressed(args[0] as string),
  },
  {
    name: 'trace',
    args: ['request'],
    summary:
      'show all that a request caused, by its id: audit events, mails, notifications, jobs, and until when each is kept',
    run: async ({ args }) => (await load.trace()).traceRequest(args[0] as string),
  },
  {
    name: 'audit verify',
    options: { head: 'seq.hash.keyId.signature', heads: 'file' },
    summary: 'verify the whole chain of the audit log, and compare it with heads from the audit worker’s log',
    run: async ({ options }) => (await load.audit()).verifyAudit(options),
  },
  {
    name: 'files claim',
    options: { driver: 'driver', yes: 'installation' },
    summary: 'make this installation the owner of the store of files; of another one only when its id is confirmed',
    run: async ({ options }) => (await load.files()).claimStore(options),
  },
  {
    name: 'files copy',
    options: { from: 'driver', to: 'driver' },
    summary: 'copy all files to another store while Muster runs; safe to repeat; a driver is local, s3 or cloudinary',
    run: async ({ options }) => (await load.files()).copyStore(options),
  },
  {
    name: 'files compare',
    options: { from: 'driver', to: 'driver' },
    summary: 'compare the checksums of all files of two stores',
    run: async ({ options }) => (await load.files()).compareStores(options),
  },
  {
    name: 'redis claim',
    options: { yes: 'installation' },
    summary: 'make Redis belong to this installation; that of another one only when its id is confirmed',
    run: async ({ options }) => (await load.redis()).claim(options.yes),
  },
  {
    name: 'backup',
    args: ['folder'],
    summary: 'back up database and files into a new folder while Muster runs; the key rings are not in it',
    run: async ({ args }) => (await load.backup()).backUp(args[0] as string),
  },
  {
    name: 'restore',
    args: ['folder'],
    flags: ['check'],
    summary:
      'restore a backup into an empty database and store, as a copy that is held; --check only reads and verifies the backup',
    run: async ({ args, flags }) => (await load.restore()).restore(args[0] as string, flags.has('check')),
  },
  {
    name: 'release',
    flags: ['dry-run'],
    options: { 'drop-mails': 'before-backup|<hours>h' },
    summary:
      'end the hold of a restored copy: what waits is sent, deleted and swept; --dry-run only tells what would happen',
    run: async ({ options, flags }) => (await load.release()).release(options['drop-mails'], flags.has('dry-run')),
  },
]

// A reader that closes the pipe early (`| head`) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  throw error
})
const out = (text: string) => void process.stdout.write(`${text}\n`)
const isJson = process.argv.includes('--json')

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
    out(`${usage}\n${operating}\n${describeCommands(asked.length > 0 ? asked : commands)}\n${ending}`)
    return 0
  }
  const command = commandOf(words)
  if (!command) throw new UsageError(noSuchCommand(words))
  const given = read(command, words.slice(command.name.split(' ').length))
  if (!given) {
    out(`${headline}\n\n${describeCommands([command])}\n${ending}`)
    return 0
  }
  const { data, lines, isWell = true } = await withCause({ requestId: newRequestId() }, () => command.run(given))
  for (const line of isJson ? [visibleJson(JSON.stringify(data))] : lines.map(terminalLine)) out(line)
  return isWell ? 0 : 1
}

/** Names the commands that may have been meant: those of the same group, or all. */
function noSuchCommand(words: string[]): string {
  const [group = ''] = words
  if (group === '') return `${usage}\n${operating}\n${describeCommands(commands)}\n${ending}`
  const others = commands.map(({ name }) => name).filter((name) => name.startsWith(`${group} `))
  if (others.length > 0) {
    const nearest = nearestOf(words.slice(0, 2).join(' '), others)
    return `There is no such command of \`${group}\`.${meant(nearest)} There are: ${others.join(', ')}.`
  }
  const all = [...processNames, 'all', 'migrate', 'ready', ...commands.map(({ name }) => name)]
  const groups = [...new Set(all.map((name) => name.split(' ')[0] as string))]
  const nearest = nearestOf(words.slice(0, 2).join(' '), all) ?? nearestOf(group, groups)
  return `There is no command \`${group}\`.${meant(nearest)} There are: ${groups.join(', ')}. \`muster --help\` tells what each does.`
}

const meant = (nearest: string | undefined) => (nearest ? ` Did you mean \`muster ${nearest}\`?` : '')

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
