import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { checkStructure } from './check-structure.ts'
import { type Files, manifest, plantedTree } from './testing/planted-tree.ts'

const modules = 'apps/api/src/modules'

async function messagesOf(planted: Files): Promise<string[]> {
  const { violations } = await checkStructure(await plantedTree(planted))
  return violations.map(({ rule, message }) => `${rule}: ${message}`)
}

test('a tree that keeps the rules has no violation', async () => {
  expect(await messagesOf({})).toEqual([])
})

test('constant messages with a component, of a child, fields or an outage, are log lines', async () => {
  const source = [
    "const log = deps.log.child({ component: 'mail' })",
    "log.info({ id }, isSent ? 'mail sent' : 'mail dropped')",
    "const fields = { component: 'smtp', id }",
    "deps.log.warn(fields, 'mail rejected')",
    "trackOutage({ log, fields: { component: 'smtp', dependency: 'redis' }, down: 'limit not written', up: 'limit written' })",
    "log.info('started')",
  ].join('\n')
  expect(await messagesOf({ 'packages/mail/src/logs.ts': source })).toEqual([])
})

test('types of deps.ts, tests and testing/ folders are free of the layers', async () => {
  const planted = {
    [`${modules}/accounts/testing/users.ts`]:
      "import { service } from '../../tasks/tasks.service.ts'\nexport const users = service",
    [`${modules}/accounts/people.test.ts`]: "import { users } from './testing/users.ts'\nexport const tested = users",
  }
  expect(await messagesOf(planted)).toEqual([])
})

const violations: [name: string, planted: Files, message: RegExp][] = [
  [
    'a module that imports a higher row',
    {
      [`${modules}/accounts/view.ts`]:
        "import { service } from '../tasks/tasks.service.ts'\nexport const view = service",
    },
    /module layers: .*accounts\/view.ts imports .*"accounts" \(row 1\) may import only from rows above it, and "tasks" is in row 9\. Hand in/,
  ],
  [
    'a type of a higher row',
    {
      [`${modules}/accounts/view.ts`]:
        "import type { service } from '../tasks/tasks.service.ts'\nexport type View = typeof service",
    },
    /module layers: .* imports a type of .*tasks.service.ts/,
  ],
  [
    'a module that imports one of its own row',
    {
      [`${modules}/chats/chats.service.ts`]:
        "import { service } from '../tasks/tasks.service.ts'\nexport const chat = service",
    },
    /module layers: .*"chats" and "tasks" share row 9/,
  ],
  [
    'a module that no row names',
    {
      [`${modules}/parties/parties.ts`]: "import { query } from './guests.ts'",
      [`${modules}/parties/guests.ts`]: 'export const query = 1',
    },
    /module layers: The module "parties" stands in no row/,
  ],
  [
    'a module that imports the gateway',
    {
      'apps/api/src/realtime/gateway.ts': 'export const gateway = 1',
      [`${modules}/tasks/push.ts`]: "import { gateway } from '../../realtime/gateway.ts'\nexport const push = gateway",
    },
    /module layers: .*No module imports realtime\//,
  ],
  [
    'a module that imports a value of the composition root',
    { [`${modules}/tasks/push.ts`]: "import { deps } from '../../deps.ts'\nexport const push = deps" },
    /module layers: .*A module takes only types from deps.ts/,
  ],
  [
    'a cycle between modules',
    {
      [`${modules}/accounts/view.ts`]:
        "import { service } from '../tasks/tasks.service.ts'\nexport const view = service",
    },
    /cycles: These modules import each other: (accounts → tasks → accounts|tasks → accounts → tasks)\./,
  ],
  [
    'a part of the kit that imports a feature of the pages',
    {
      'apps/web/package.json': manifest('web'),
      'apps/web/src/features/tasks/labels.ts': 'export const labels = {}',
      'apps/web/src/ui/badge.ts': "import { labels } from '../features/tasks/labels.ts'\nexport const badge = labels",
    },
    /page layers: .*ui\/badge.ts imports .*features\/tasks\/labels.ts/,
  ],
  [
    'a cycle between packages',
    { 'packages/jobs/src/more.ts': "import { mail } from '@muster/mail'\nexport const more = mail" },
    /cycles: These packages import each other: .*@muster\/(jobs|mail) → /,
  ],
  [
    'a cycle between files of one module',
    {
      [`${modules}/tasks/tasks.queries.ts`]:
        "import { service } from './tasks.service.ts'\nexport const query = service",
    },
    /cycles: These files import each other: .*tasks.queries.ts/,
  ],
  [
    'a cycle between the test support of two modules',
    {
      [`${modules}/tasks/testing/a.ts`]: "import { b } from '../../accounts/testing/b.ts'\nexport const a = b",
      [`${modules}/accounts/testing/b.ts`]: "import { a } from '../../tasks/testing/a.ts'\nexport const b = a",
    },
    /cycles: These files import each other: .*testing\/[ab].ts/,
  ],
  [
    "another module's queries",
    {
      [`${modules}/tasks/more.ts`]:
        "import { query } from '../accounts/accounts.queries.ts'\nexport const more = query",
    },
    /foreign queries: .*tasks\/more.ts imports .*accounts.queries.ts\. Queries belong to their feature \(apps\/api\/src\/modules\/accounts\)/,
  ],
  [
    "another feature's queries in a worker",
    {
      'apps/email-worker/src/mails/mails.queries.ts': 'export const query = 1',
      'apps/email-worker/src/handlers/send.ts':
        "import { query } from '../mails/mails.queries.ts'\nexport const send = query",
    },
    /foreign queries: .*handlers\/send.ts imports/,
  ],
  [
    'a plugin that imports a module',
    {
      'apps/api/src/plugins/session.ts':
        "import { account } from '../modules/accounts/accounts.service.ts'\nexport const session = account",
    },
    /http and plugins: .*plugins\/ knows no module/,
  ],
  [
    'a helper in http/ that imports a plugin',
    { 'apps/api/src/http/answer.ts': "import { plugin } from '../plugins/errors.ts'\nexport const answer = plugin" },
    /http and plugins: .*http\/ knows no plugin/,
  ],
  [
    'an app that imports an app',
    { 'apps/email-worker/src/api.ts': "import { reply } from '../../api/src/http/reply.ts'\nexport const api = reply" },
    /packages: .*email-worker\/src\/api.ts imports @muster\/api\. An app imports no other app/,
  ],
  [
    'a package that imports an app',
    { 'packages/mail/src/api.ts': "import { reply } from '@muster/api'\nexport const api = reply" },
    /packages: .*imports @muster\/api\. A package imports no app/,
  ],
  [
    'db importing a package',
    { 'db/src/more.ts': "import { defineJob } from '@muster/jobs'\nexport const more = defineJob" },
    /packages: db\/src\/more.ts imports @muster\/jobs\. db imports no package/,
  ],
  [
    'the error catalogue outside of the API',
    { 'packages/mail/src/fail.ts': "import { errors } from '@muster/errors'\nexport const fail = errors" },
    /packages: .*The error catalogue belongs to HTTP/,
  ],
  [
    'an import that the package does not export',
    {
      'apps/email-worker/src/more.ts':
        "import { defineJob } from '@muster/jobs/define-job'\nexport const more = defineJob",
    },
    /package exports: .*imports "@muster\/jobs\/define-job", which packages\/jobs\/package.json does not export/,
  ],
  [
    'an import by path into another package',
    {
      'apps/email-worker/src/more.ts':
        "import { outbox } from '../../../packages/jobs/src/outbox.ts'\nexport const more = outbox",
    },
    /package exports: .*reaches into packages\/jobs by the path/,
  ],
  [
    'an export by wildcard',
    {
      'packages/mail/package.json': JSON.stringify({
        name: '@muster/mail',
        exports: { '.': './src/index.ts', './*': './src/*.ts' },
      }),
    },
    /package exports: The export "\.\/\*" of packages\/mail\/package.json is a wildcard/,
  ],
  [
    'an unused export',
    {
      'packages/mail/package.json': JSON.stringify({
        name: '@muster/mail',
        exports: { '.': './src/index.ts', './x': './src/index.ts' },
      }),
    },
    /package exports: The export "\.\/x" of packages\/mail\/package.json is imported by no other package/,
  ],
  [
    'test support in what ships',
    {
      [`${modules}/tasks/testing/tasks.ts`]: 'export const fixture = 1',
      [`${modules}/tasks/more.ts`]: "import { fixture } from './testing/tasks.ts'\nexport const more = fixture",
    },
    /test support: .*tasks\/more.ts imports .*testing\/tasks.ts, which only tests may use/,
  ],
  [
    'a package without tests',
    { 'packages/zones/package.json': JSON.stringify({ name: '@muster/zones', scripts: { check: 'tsc' } }) },
    /scripts: packages\/zones\/package.json has no script test\./,
  ],
  [
    'a path to a page that turbo does not know of',
    {
      'docs/page.md': 'page',
      'packages/mail/src/page.test.ts': "read(join(import.meta.dirname, '../../../docs/page.md'))",
    },
    /turbo inputs: .*page.test.ts names docs\/page.md, .* add "\$TURBO_ROOT\$\/docs\/page.md" to .* packages\/mail\/turbo.json/,
  ],
  [
    'a path into an app that is made from parts',
    { 'packages/mail/src/apps.ts': `export const mainOf = (app: string) => \`apps/\${app}/src/main.ts\`` },
    /turbo inputs: .*mail\/src\/apps.ts names apps, /,
  ],
  [
    'a log message that is no constant',
    {
      'packages/mail/src/logs.ts': `export const fail = (name) => deps.log.warn({ component: 'mail' }, \`mail \${name}\`)`,
    },
    /log lines: packages\/mail\/src\/logs.ts:1 logs a message that is no constant text/,
  ],
  [
    'a log message that a variable has',
    { 'packages/mail/src/logs.ts': "\nlog.child({ component: 'mail' })\nlog?.error(sentence)" },
    /log lines: packages\/mail\/src\/logs.ts:3 logs a message that is no constant text/,
  ],
  [
    'a log line without a component',
    { 'packages/mail/src/logs.ts': "export const fail = (err: Error) => job.log.error({ err }, 'mail failed')" },
    /log lines: packages\/mail\/src\/logs.ts:1 logs without a component\. Add component/,
  ],
  [
    'an outage whose component varies',
    {
      'packages/mail/src/logs.ts':
        "trackOutage({ log, fields: { component, dependency: 'redis' }, down: 'a', up: 'b' })",
    },
    /log lines: packages\/mail\/src\/logs.ts:1 logs without a component/,
  ],
  [
    'a component of several words without hyphens',
    { 'packages/mail/src/logs.ts': "log.info({ component: 'mail limit' }, 'limit written')" },
    /log lines: .* logs with the component "mail limit"\. Write it in lower case/,
  ],
  [
    'a field of a log line called event',
    { 'packages/mail/src/logs.ts': "const fields = { component: 'mail', event: 1 }\nlog.info(fields, 'mail sent')" },
    /log lines: packages\/mail\/src\/logs.ts:2 logs a field called event/,
  ],
]

test.each(violations)('refuses %s', async (_, planted, message) => {
  expect(await messagesOf(planted)).toContainEqual(expect.stringMatching(message))
})

test('turbo knows the packages in package.json, their packages, and the inputs in turbo.json', async () => {
  const turbo = { tasks: { test: { inputs: ['$TURBO_EXTENDS$', '$TURBO_ROOT$/apps/*/src/**'] } } }
  const planted = {
    'packages/mail/package.json': manifest('mail', { '.': './src/index.ts' }, { '@muster/jobs': 'workspace:*' }),
    'packages/jobs/package.json': manifest(
      'jobs',
      { '.': './src/index.ts', './outbox': './src/outbox.ts' },
      { '@muster/db': 'workspace:*' },
    ),
    'packages/mail/turbo.json': JSON.stringify(turbo),
    'packages/mail/src/paths.ts':
      "export const paths = ['db/src/index.ts', 'apps/api/src/app.ts', 'apps/email-worker']",
  }
  expect(await messagesOf(planted)).toEqual([])
})

test('a value import counts beside a type import of the same file', async () => {
  const text =
    "import type { Deps } from '../../deps.ts'\nimport { deps } from '../../deps.ts'\nexport const push: Deps['mail'] = deps"
  expect(await messagesOf({ [`${modules}/tasks/push.ts`]: text })).toContainEqual(
    expect.stringMatching(/only types from deps.ts/),
  )
})

test('the command fails on a violation and names it', async () => {
  const root = await plantedTree({
    'db/src/more.ts': "import { defineJob } from '@muster/jobs'\nexport const more = defineJob",
  })
  const run = promisify(execFile)(process.execPath, [join(import.meta.dirname, 'main.ts'), '--root', root])
  await expect(run).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/db\/src\/more.ts[\s\S]*db imports no package/),
  })
})

test('the command prints the layers and the number of cycles', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(import.meta.dirname, 'main.ts'),
    '--root',
    await plantedTree(),
  ])
  expect(stdout).toMatch(/^ +1 {2}accounts · task-access$/m)
  expect(stdout).toMatch(/^0 cycles/m)
})
