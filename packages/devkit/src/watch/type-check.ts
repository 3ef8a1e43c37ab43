import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
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
  /** Checks the types of the whole repository, those of the pages after the others. One compiler runs at a time: it needs two gigabytes. */
  request(): void
  /** Ends a check under way, whose sources are outdated, and which would take cores from what a developer waits for. */
  stop(): void
}

/** The settings by which `npm run check` reads the types: those of the pages are their own. */
const projects = ['tsconfig.json', 'apps/web/tsconfig.json']
/** Below the processes that a developer waits for. */
const niceness = 10

/** Creates the check of types. */
export function createTypeCheck({ root, folder, reaper, onChecked }: TypeCheckOptions): TypeCheck {
  mkdirSync(folder, { recursive: true })
  let running: ChildProcess | undefined
  let lastCheck = Promise.resolve()
  /** The number of the check whose errors are of interest. */
  let current = 0

  const compile = async (compiler: string, project: string): Promise<string[]> => {
    const kept = join(folder, `${project.replaceAll('/', '-')}.tsbuildinfo`)
    const incremental = ['--incremental', '--tsBuildInfoFile', kept]
    const args = ['--noEmit', '--pretty', 'false', ...incremental, '-p', join(root, project)]
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
    return errorsIn(output)
  }
  const check = async (own: number) => {
    const compiler = await findCompiler(root)
    const errors: string[] = []
    for (const project of projects) if (own === current) errors.push(...(await compile(compiler, project)))
    if (own === current) onChecked(errors)
  }
  const stop = () => {
    current++
    running?.kill('SIGKILL')
  }
  return {
    request() {
      stop()
      const own = current
      lastCheck = lastCheck.then(() => check(own))
    },
    stop,
  }
}

/** Finds the program of the compiler: `tsc` itself only starts it, and would leave it behind when it is killed. */
async function findCompiler(root: string): Promise<string> {
  const file = pathToFileURL(join(root, 'node_modules/typescript/lib/getExePath.js')).href
  const { default: getExePath } = (await import(file)) as { default: () => string }
  return getExePath()
}

/** Joins the lines of each error: those that explain it are indented. */
function errorsIn(output: string): string[] {
  return output
    .split(/\n(?=\S)/)
    .map((error) => error.trimEnd())
    .filter((error) => error !== '')
}
