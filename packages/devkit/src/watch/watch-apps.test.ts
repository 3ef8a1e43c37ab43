import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { apps } from '@muster/launcher/apps'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { firstOf } from '../instances.ts'
import { startReaper } from '../services/reaper.ts'
import { readSettings, root } from '../settings.ts'
import { type AppWatch, watchApps } from './watch-apps.ts'

/** What a change of sources restarts and tells. `restarts.test.ts` restarts processes, in the long form. */

const timeout = 60_000
/** A copy of the sources, which the tests change. */
const copy = mkdtempSync(join(tmpdir(), 'muster-watch-'))
const reaper = startReaper()
let watch: AppWatch
let restarted: string[] = []
let told = ''

beforeAll(async () => {
  const left = new Set(['dist', '.turbo'])
  for (const name of ['apps', 'packages', 'db', 'package.json', 'tsconfig.base.json'])
    cpSync(join(root, name), join(copy, name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !left.has(basename(path)),
    })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const settings = readSettings([], {})
  watch = await watchApps({
    root: copy,
    home: copy,
    instances: apps.map((app) => firstOf(app, settings)),
    checksTypes: false,
    reaper,
    tell: (line) => {
      told += `${line}\n`
    },
  })
  watch.start({
    restart: async (name) => {
      restarted.push(name)
    },
  })
}, timeout)
afterAll(async () => {
  await watch.close()
  reaper.dismiss()
  rmSync(copy, { recursive: true, force: true })
})

/** Saves a changed file. */
function change(file: string, edit: (text: string) => string): void {
  const path = join(copy, file)
  writeFileSync(path, edit(readFileSync(path, 'utf8')))
}
const eventually = (assertion: () => void) => vi.waitFor(assertion, { timeout, interval: 50 })

test('a change restarts only the processes that import the file, also one of a package', { timeout }, async () => {
  change('apps/audit-worker/src/chain/vacuum-pending.ts', (text) => `${text}// changed\n`)
  await eventually(() => expect(restarted).toEqual(['audit-worker']))
  expect(told).toContain('apps/audit-worker/src/chain/vacuum-pending.ts changed: restarting audit-worker\n')

  restarted = []
  // Saved as it was, and a file that no app imports.
  change('apps/api/src/http/etag.ts', (text) => text)
  change('apps/audit-worker/src/main.test.ts', (text) => `${text}// changed\n`)
  change('packages/storage/src/index.ts', (text) => `${text}// changed\n`)
  await eventually(() => expect(restarted).toEqual(expect.arrayContaining(['api', 'image-worker'])))
  expect(restarted).not.toContain('email-worker')
})

test('an error of syntax is told once with its place, and restarts nothing until it is gone', { timeout }, async () => {
  ;[restarted, told] = [[], '']
  change('packages/mail/src/templates.ts', (text) => `${text}const broken = {;\n`)
  await eventually(() => expect(told).toMatch(/the processes keep the code before it[\s\S]*templates\.ts:\d+:\d+/))
  expect(told.match(/templates\.ts:\d+:\d+/g)).toHaveLength(1)
  expect(restarted).toEqual([])
  change('packages/mail/src/templates.ts', (text) => text.replace('const broken = {;\n', '// mended\n'))
  await eventually(() => expect(told).toContain('no errors any more'))
  await eventually(() => expect(restarted).toContain('email-worker'))
})
