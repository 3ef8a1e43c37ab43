import type { Command } from './command.ts'

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

/** Every command of the operator, in the order of `muster --help`. */
export const commands: readonly Command[] = [
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
