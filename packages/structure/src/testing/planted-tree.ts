import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

export type Files = Record<string, string>

export const manifest = (
  name: string,
  exports: Record<string, string> = {},
  dependencies: Record<string, string> = {},
) => JSON.stringify({ name: `@muster/${name}`, exports, dependencies, scripts: { check: 'tsc', test: 'vitest run' } })

/** A small workspace without violations: db, the error catalogue, two packages, a worker, an API with two modules. */
const cleanTree: Files = {
  'db/package.json': manifest('db', { '.': './src/index.ts' }),
  'db/src/index.ts': 'export const db = 1',
  'packages/errors/package.json': manifest('errors', { '.': './src/index.ts' }),
  'packages/errors/src/index.ts': 'export const errors = 1',
  'packages/jobs/package.json': manifest('jobs', { '.': './src/index.ts', './outbox': './src/outbox.ts' }),
  'packages/jobs/src/index.ts': "export * from './define-job.ts'",
  'packages/jobs/src/define-job.ts': "import { db } from '@muster/db'\nexport const defineJob = db",
  'packages/jobs/src/outbox.ts': "import { defineJob } from './define-job.ts'\nexport const outbox = defineJob",
  'packages/mail/package.json': manifest('mail', { '.': './src/index.ts' }),
  'packages/mail/src/index.ts': "import { outbox } from '@muster/jobs/outbox'\nexport const mail = outbox",
  'apps/api/package.json': manifest('api'),
  'apps/api/src/app.ts': "import { tasks } from './modules/tasks/tasks.routes.ts'\nexport const app = tasks",
  'apps/api/src/deps.ts':
    "import { mail } from '@muster/mail'\nexport type Deps = { mail: typeof mail }\nexport const deps = mail",
  'apps/api/src/http/reply.ts': "import { errors } from '@muster/errors'\nexport const reply = errors",
  'apps/api/src/plugins/errors.ts': "import { reply } from '../http/reply.ts'\nexport const plugin = reply",
  'apps/api/src/modules/tasks/tasks.routes.ts':
    "import { service } from './tasks.service.ts'\nexport const tasks = service",
  'apps/api/src/modules/tasks/tasks.service.ts': [
    "import { account } from '../accounts/accounts.service.ts'",
    "import { reply } from '../../http/reply.ts'",
    "import type { Deps } from '../../deps.ts'",
    "import { query } from './tasks.queries.ts'",
    'export const service = (deps: Deps) => [account, reply, query]',
  ].join('\n'),
  'apps/api/src/modules/tasks/tasks.queries.ts': 'export const query = 1',
  'apps/api/src/modules/accounts/accounts.service.ts':
    "import { query } from './accounts.queries.ts'\nexport const account = query",
  'apps/api/src/modules/accounts/accounts.queries.ts': "import { db } from '@muster/db'\nexport const query = db",
  'apps/api/src/modules/accounts/accounts.test.ts': "import { app } from '../../app.ts'\nexport const tested = app",
  'apps/email-worker/package.json': manifest('email-worker'),
  'apps/email-worker/src/main.ts': "import { defineJob } from '@muster/jobs'\nexport const main = defineJob",
}

/** Writes the clean tree, with the given files added or replaced, to a temporary folder. @returns the folder */
export async function plantedTree(planted: Files = {}): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'muster-structure-'))
  onTestFinished(() => rm(root, { recursive: true }))
  for (const [path, text] of Object.entries({ ...cleanTree, ...planted })) {
    await mkdir(join(root, dirname(path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  return root
}
