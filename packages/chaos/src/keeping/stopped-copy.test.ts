import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDb, newId } from '@muster/db'
import { freePort, removeCluster } from '@muster/devkit'
import { inheritedEnv, insertUser, isLongForm } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startMuster } from '../system/muster-command.ts'
import { root, sourceFile } from '../system/programs.ts'

let folder: string
const homes: string[] = []
const children: ChildProcess[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-stopped-'))
})
afterAll(async () => {
  for (const child of children) await stop(child)
  for (const home of homes) await removeCluster(join(home, 'postgres'))
  await rm(folder, { recursive: true, force: true })
})

/** Only the commands of a checkout know the copy of `npm start`. */
const muster = (args: string[], env: NodeJS.ProcessEnv) => startMuster(args, env, sourceFile('cli')).done

async function newHome(name: string): Promise<string> {
  const home = join(folder, name)
  await mkdir(home)
  homes.push(home)
  return home
}

/** Starts the services of a home as `npm start` does. @returns the URL of its database */
async function start(home: string): Promise<{ child: ChildProcess; url: string }> {
  const ports = { INBOX_PORT: String(await freePort()), SMTP_PORT: String(await freePort()) }
  const child = spawn(process.execPath, [join(root, 'packages/devkit/src/start.ts'), '--without-apps'], {
    env: { ...inheritedEnv(), MUSTER_HOME: home, ...ports },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  children.push(child)
  await once(child, 'message')
  const { urls } = JSON.parse(await readFile(join(home, 'run.json'), 'utf8')) as { urls: { postgres: string } }
  return { child, url: urls.postgres }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}

async function withDatabase<T>(url: string, use: (db: ReturnType<typeof createDb>) => Promise<T>): Promise<T> {
  const db = createDb({ url, poolMax: 1, applicationName: 'stopped-copy' })
  try {
    return await use(db)
  } finally {
    await db.destroy()
  }
}

test.runIf(isLongForm)(
  'a stopped copy of `npm start` is backed up by its folder and restored, held, into another home',
  {
    timeout: 180_000,
  },
  async () => {
    const original = await newHome('original')
    const running = await start(original)
    const key = `avatars/${newId()}/${newId()}/picture`
    const { id } = await withDatabase(running.url, (db) => insertUser(db, { avatar_key: key, avatar_status: 'ready' }))
    await mkdir(join(original, 'files', key, '..'), { recursive: true })
    await writeFile(join(original, 'files', key), 'a picture')
    await stop(running.child)

    const backup = join(folder, 'backup')
    const taken = await muster(['backup', backup, '--json'], { MUSTER_HOME: original })
    expect([taken.code, taken.stderr]).toEqual([0, ''])
    expect(JSON.parse(taken.stdout)).toMatchObject({
      database: { kind: 'data-folder' },
      files: { count: 1, missingCount: 0 },
    })
    const over = await muster(['restore', backup], { MUSTER_HOME: original })
    expect([over.code, over.stderr]).toEqual([1, expect.stringContaining('has data already')])

    const copied = await newHome('copied')
    const keyless = await muster(['restore', backup], { MUSTER_HOME: copied })
    expect([keyless.code, keyless.stderr]).toEqual([1, expect.stringContaining('has no secrets.json')])
    await copyFile(join(original, 'secrets.json'), join(copied, 'secrets.json'))
    const changed = join(backup, 'postgres', 'PG_VERSION')
    const content = await readFile(changed)
    await writeFile(changed, '19\n')
    const refused = await muster(['restore', backup], { MUSTER_HOME: copied })
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('postgres/PG_VERSION: its checksum differs'),
    ])
    await writeFile(changed, content)
    expect(await readdir(copied)).not.toContain('postgres')

    const restored = await muster(['restore', backup, '--json'], { MUSTER_HOME: copied })
    expect([restored.code, JSON.parse(restored.stdout)]).toMatchObject([0, { audit: { isValid: true }, warnings: [] }])
    expect(await readFile(join(copied, 'files', key), 'utf8')).toBe('a picture')
    const copy = await start(copied)
    await withDatabase(copy.url, async (db) => {
      expect(await db.selectFrom('users').select('id').where('id', '=', id).execute()).toHaveLength(1)
      const [installation] = await db.selectFrom('installation').select(['id', 'held_at']).execute()
      expect(installation).toEqual({ id: JSON.parse(restored.stdout).installationId, held_at: expect.any(Date) })
    })
    expect((await muster(['release'], { MUSTER_HOME: copied })).code).toBe(0)
    await stop(copy.child)
  },
)
