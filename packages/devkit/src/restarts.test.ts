import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isLongForm } from './long-form.ts'
import { readRunFile } from './run-file.ts'
import { freePort } from './services/ports.ts'
import { removeCluster } from './services/postgres.ts'
import { root } from './settings.ts'

/** The start of all processes and of a compiler that knows nothing yet takes a minute of two cores: `watch-apps.test.ts` is the short form. */
const limitMs = 150_000
/** A copy of the repository, whose files the tests change. */
let copy: string
let home: string
let dev: ChildProcess
let output = ''

beforeAll(async () => {
  copy = mkdtempSync(join(tmpdir(), 'muster-copy-'))
  home = mkdtempSync(join(tmpdir(), 'muster-dev-'))
  const left = new Set(['dist', '.turbo'])
  const settings = ['package.json', 'tsconfig.json', 'tsconfig.base.json']
  for (const name of ['apps', 'packages', 'db', 'docker', 'docs', ...settings])
    cpSync(join(root, name), join(copy, name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !left.has(basename(path)),
    })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const ports = { PORT: await freePort(), INBOX_PORT: await freePort(), SMTP_PORT: await freePort() }
  const { PATH = '', HOME = '' } = process.env
  dev = spawn(process.execPath, [join(copy, 'packages/devkit/src/start.ts'), '--watch'], {
    cwd: copy,
    env: {
      ...{ PATH, HOME, MUSTER_HOME: home, OPS_PORT_BASE: String(await freePort(5)) },
      ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
      NODE_COMPILE_CACHE: join(home, 'compile-cache'),
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  for (const stream of [dev.stdout, dev.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  await until(/Ctrl-C stops everything/)
}, limitMs)

afterAll(async () => {
  if (dev.exitCode === null && dev.signalCode === null) {
    dev.kill('SIGTERM')
    await once(dev, 'exit')
  }
  await removeCluster(join(home, 'postgres'))
  for (const folder of [home, copy]) rmSync(folder, { recursive: true, force: true })
}, limitMs)

/** The process ids of the apps by name. */
const pids = () =>
  Object.fromEntries(
    (readRunFile(home)?.processes ?? []).filter(({ kind }) => kind === 'app').map(({ name, pid }) => [name, pid]),
  )

/** Returns the names of the apps whose process is another one than before. */
const restartedSince = (before: Record<string, number>) =>
  Object.entries(pids())
    .filter(([name, pid]) => before[name] !== pid)
    .map(([name]) => name)
    .sort()

function change(file: string, edit: (text: string) => string): void {
  const path = join(copy, file)
  writeFileSync(path, edit(readFileSync(path, 'utf8')))
}

/** Lists the compilers that run for this copy. */
const compilers = () =>
  execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(join(home, 'types/')))

async function eventually(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`not true in time; the output:\n${output.slice(-2_000)}`)
    await sleep(50)
  }
}

/** Waits until the output since `from` matches. @returns what was written since */
async function until(pattern: RegExp, from = 0): Promise<string> {
  const deadline = Date.now() + limitMs
  while (!pattern.test(output.slice(from))) {
    if (dev.exitCode !== null || Date.now() > deadline) throw new Error(`no ${pattern} in:\n${output.slice(from)}`)
    await sleep(20)
  }
  return output.slice(from)
}

test.runIf(isLongForm)('npm run dev serves the pages from their sources, at the address of the API', async () => {
  const { pages } = readRunFile(home)?.urls ?? {}
  const answer = await fetch(`${pages}/tasks`, { headers: { accept: 'text/html' } })
  expect(await answer.text()).toContain('src="/src/main.tsx')
  expect((await fetch(`${pages}/src/main.tsx`)).headers.get('content-type')).toContain('javascript')
})

test.runIf(isLongForm)(
  'npm run dev restarts only the processes that import a changed file, also one of a package',
  async () => {
    const before = pids()
    expect(Object.keys(before)).toHaveLength(5)
    let from = output.length
    change('apps/audit-worker/src/chain/vacuum-pending.ts', (text) => `${text}// changed\n`)
    const said = await until(/audit-worker runs the new code, \d+\.\d s after it was saved/, from)
    expect(said).toContain('apps/audit-worker/src/chain/vacuum-pending.ts changed: restarting audit-worker\n')
    expect(restartedSince(before)).toEqual(['audit-worker'])

    const next = pids()
    from = output.length
    // Saved as it was, and a file that no app imports.
    change('apps/api/src/http/etag.ts', (text) => text)
    change('apps/api/src/plugins/errors.test.ts', (text) => `${text}// changed\n`)
    change('packages/storage/src/index.ts', (text) => `${text}// changed\n`)
    await until(/api runs the new code/, from)
    await until(/image-worker runs the new code/, from)
    const restarted = restartedSince(next)
    expect(restarted).toEqual(expect.arrayContaining(['api', 'image-worker']))
    expect(restarted).not.toContain('email-worker')
  },
  limitMs,
)

test.runIf(isLongForm)(
  'an error of syntax is told once with its place, and processes keep running until it is gone',
  async () => {
    const before = pids()
    let from = output.length
    change('packages/mail/src/templates.ts', (text) => `${text}const broken = {;\n`)
    const said = await until(/the processes keep the code before it[\s\S]*templates\.ts:\d+:\d+/, from)
    expect(said.match(/templates\.ts:\d+:\d+/g)).toHaveLength(1)
    expect(restartedSince(before)).toEqual([])
    from = output.length
    change('packages/mail/src/templates.ts', (text) => text.replace('const broken = {;\n', '// mended\n'))
    await until(/no errors any more/, from)
    await until(/email-worker runs the new code/, from)
  },
  limitMs,
)

test.runIf(isLongForm)(
  'errors of types are told by one compiler at a time, which ends with npm run dev',
  async () => {
    const file = 'apps/email-worker/src/mails/error-text.ts'
    let from = output.length
    change(file, (text) => `${text}export const wrong: number = 'text'\n`)
    await until(/email-worker runs the new code/, from)
    const said = await until(/1 error of types/, from)
    expect(said).toMatch(/error-text\.ts\(\d+,14\): error TS2322/)
    for (const comment of ['one', 'two', 'three']) {
      from = output.length
      change(file, (text) => `${text}// ${comment}\n`)
      await until(/email-worker runs the new code/, from)
      expect(compilers().length).toBeLessThanOrEqual(1)
    }
    await eventually(() => compilers().length === 1)
    dev.kill('SIGKILL')
    await once(dev, 'exit')
    await eventually(() => compilers().length === 0)
  },
  limitMs,
)
