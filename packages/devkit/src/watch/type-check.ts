import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'

/** Ends the compiler when this process can no longer do it. */
type Watcher = {
  watch(child: { pid: number; kind: 'app'; signal: 'SIGKILL' }): void
  unwatch(pid: number): void
}

type TypeCheckOptions = {
  root: string
  /** For what the compiler knows of unchanged files. */
  folder: string
  reaper: Watcher
  /** Called with each error after a check. */
  onChecked: (errors: string[]) => void
}

export type TypeCheck = {
  /** Checks the types of the whole repository, once more when a check is under way. One compiler runs at a time: it needs two gigabytes. */
  request(): void
  close(): void
}

/** Below the processes that a developer waits for. */
const niceness = 10

/** Creates the check of types. */
export function createTypeCheck({ root, folder, reaper, onChecked }: TypeCheckOptions): TypeCheck {
  const project = join(folder, 'tsconfig.json')
  mkdirSync(folder, { recursive: true })
  writeFileSync(project, JSON.stringify(settingsFor(root, folder), null, 2))
  let running: ChildProcess | undefined
  let isStarting = false
  let isWanted = false
  let isClosed = false

  const check = async () => {
    const compiler = await findCompiler(root)
    if (isClosed) return
    const args = ['--noEmit', '--pretty', 'false', '-p', project]
    const child = spawn(compiler, args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] })
    running = child
    const { pid } = child
    if (pid !== undefined) {
      reaper.watch({ pid, kind: 'app', signal: 'SIGKILL' })
      setPriority(pid, niceness)
    }
    const output = await text(child.stdout)
    if (pid !== undefined) reaper.unwatch(pid)
    running = undefined
    if (!isClosed && !isWanted) onChecked(errorsIn(output))
  }
  const run = async () => {
    if (isStarting) return
    isStarting = true
    while (isWanted && !isClosed) {
      isWanted = false
      await check()
    }
    isStarting = false
  }
  return {
    request() {
      isWanted = true
      void run()
    },
    close() {
      isClosed = true
      running?.kill('SIGKILL')
    },
  }
}

/** Finds the program of the compiler: `tsc` itself only starts it, and would leave it behind when it is killed. */
async function findCompiler(root: string): Promise<string> {
  const file = pathToFileURL(join(root, 'node_modules/typescript/lib/getExePath.js')).href
  const { default: getExePath } = (await import(file)) as { default: () => string }
  return getExePath()
}

const settingsFor = (root: string, folder: string) => ({
  extends: join(root, 'tsconfig.base.json'),
  compilerOptions: {
    jsx: 'react-jsx',
    incremental: true,
    tsBuildInfoFile: join(folder, 'types.tsbuildinfo'),
    typeRoots: [join(root, 'node_modules/@types')],
  },
  include: ['apps/*/src', 'packages/*/src', 'db/src', 'db/migrations'].map((path) => join(root, path)),
  exclude: ['**/node_modules', 'packages/*/fixtures'].map((path) => join(root, path)),
})

/** Joins the lines of each error: those that explain it are indented. */
function errorsIn(output: string): string[] {
  return output
    .split(/\n(?=\S)/)
    .map((error) => error.trimEnd())
    .filter((error) => error !== '')
}
