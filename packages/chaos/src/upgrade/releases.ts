import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inheritedEnv } from '@muster/testing'
import { root } from '../system/programs.ts'

const run = promisify(execFile)

/** A release that left a baseline: its number, and its commit while no tag names it. */
export type Release = { version: string; commit: string }
/** Code that runs beside this code while an installation is upgraded. `knownFailures` are beginnings of failures that its release has. */
export type Predecessor = { name: string; commit: string; knownFailures: string[] }

export const baselines = join(root, 'db/baseline')

/** Both begin with the oldest. */
type Releases = { baselines: Release[]; sideBySide: Predecessor[] }
const committed = JSON.parse(readFileSync(join(baselines, 'releases.json'), 'utf8')) as Releases

export const releases = committed.baselines
export const predecessors = committed.sideBySide

/** Code of another commit, ready to run. */
export type InstalledCode = { commit: string; folder: string }

/**
 * Takes the code of a commit from the history and installs it in `.muster/releases`, where the next run finds it.
 * @returns the folder, or an obstacle that tells why this machine cannot
 */
export async function installCode(ref: string): Promise<InstalledCode | { obstacle: string }> {
  const commit = await resolve(ref)
  if (!commit)
    return { obstacle: `the history of this checkout has no ${ref}; a shallow clone gets it by git fetch --unshallow` }
  const folder = join(root, '.muster/releases', commit)
  if (existsSync(folder)) return { commit, folder }
  const unfinished = `${folder}.${process.pid}`
  try {
    await unpack(commit, unfinished)
    const pnpm = join(root, 'node_modules/.bin/pnpm')
    await run(pnpm, ['install', '--frozen-lockfile', '--prefer-offline'], {
      cwd: unfinished,
      env: inheritedEnv(),
    })
    await rename(unfinished, folder)
    return { commit, folder }
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    return { obstacle: `the code of ${ref} could not be installed: ${lastLine(error)}` }
  }
}

async function resolve(ref: string): Promise<string | undefined> {
  try {
    return (await run('git', ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`], { cwd: root })).stdout.trim()
  } catch {
    return undefined
  }
}

async function unpack(commit: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const archive = `${folder}.tar`
  try {
    await run('git', ['archive', '--output', archive, commit], { cwd: root })
    await run('tar', ['-xf', archive, '-C', folder])
  } finally {
    await rm(archive, { force: true })
  }
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string }
  return (stderr?.trim() || message).split('\n').at(-1) ?? ''
}

/** Applies the migrations of a checkout's own code, as its release documents it. */
export async function migrateBy(checkout: string, databaseUrl: string): Promise<void> {
  const mains = ['packages/db-cli/src/main.ts', 'db/src/cli.ts'].map((path) => join(checkout, path))
  const main = mains.find((path) => existsSync(path)) as string
  await run(process.execPath, [main, 'migrate'], { env: { ...inheritedEnv(), DATABASE_URL: databaseUrl } })
}
