import type { SpawnOptions } from 'node:child_process'
import { globSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Supervisor, SupervisorEvent } from '@muster/supervisor'
import { counted } from '@muster/text'
import { describeEvent } from '../describe-event.ts'
import type { Instance } from '../instances.ts'
import { paint } from '../output.ts'
import type { Reaper } from '../services/reaper.ts'
import { createSourceGraph, type SourceGraph } from './source-graph.ts'
import { createStandby, type Standby } from './standby.ts'
import { createTypeCheck } from './type-check.ts'
import { watchFiles } from './watch-files.ts'

type WatchOptions = {
  root: string
  home: string
  instances: readonly Instance[]
  /** False where several watch at once, each for an app: one of them would be enough. */
  checksTypes: boolean
  reaper: Reaper
  tell: (line: string) => void
}

export type AppWatch = {
  /** Tells an event of the supervisor, with the time since the change that caused it. */
  report(event: SupervisorEvent): void
  /** Returns the file that a process of an app runs. */
  fileOf(app: string): string
  /** Creates the starter of an app's processes. */
  standbyFor(app: string, options: SpawnOptions): Standby
  /** Begins to restart the processes of this supervisor whose files change. */
  start(supervisor: Pick<Supervisor, 'restart'>): void
  close(): Promise<void>
}

const maxShown = 10
const sourceFolders = ['apps/*/src', 'packages/*/src', 'db/src', 'db/migrations']
/** Vite watches the sources of the pages itself. */
const ofVite = ['apps/web']

/**
 * Watches the sources of apps: restarts each process whose files changed, also those of packages that it imports, and tells in one place what does not
 * compile. While the syntax or an import is wrong, processes keep running the code before; errors of types restart them all the same.
 */
export async function watchApps({ root, home, instances, checksTypes, reaper, tell }: WatchOptions): Promise<AppWatch> {
  const names = [...new Set(instances.map(({ app }) => app.name))]
  const graph = await createSourceGraph(root, names, join(home, 'watched'))
  let files: SourceGraph['filesOf'] | undefined
  const changed = new Set<string>()
  const changedAtMs = new Map<string, number>()
  let areTypesWrong = false
  let isReading = false
  /** Files have changed since the sources were read. */
  let isStale = false
  let isWrong = false

  const tellErrors = (what: string, errors: readonly string[]) => {
    const shown = errors.slice(0, maxShown)
    const more = errors.length > maxShown ? [`… and ${errors.length - maxShown} more`] : []
    tell(`${paint('red', what)}\n${[...shown, ...more].join('\n\n')}\n`)
  }

  const tellTypes = (errors: string[]) => {
    if (errors.length > 0)
      tellErrors(`${counted(errors.length, 'error')} of types; the processes run all the same`, errors)
    else if (areTypesWrong) tell(paint('green', 'no errors of types any more'))
    areTypesWrong = errors.length > 0
  }
  const types = checksTypes
    ? createTypeCheck({ root, folder: join(home, 'types'), reaper, onChecked: tellTypes })
    : undefined

  /** Reads the sources and tells what is wrong. @returns the files of each app; undefined with errors */
  const readSources = async () => {
    const { filesOf, errors } = await graph.read()
    if (errors.length > 0) {
      isWrong = true
      const whatRuns = files ? 'the processes keep the code before it' : 'no process can start'
      tellErrors(`${counted(errors.length, 'error')}; ${whatRuns}`, errors)
      return undefined
    }
    if (isWrong) tell(paint('green', 'no errors any more'))
    isWrong = false
    return filesOf
  }

  /** Reads the sources, and restarts the processes whose files changed since the last time without errors. */
  const takeChanges = async (supervisor: Pick<Supervisor, 'restart'>, sinceMs: number) => {
    const before = files
    const filesOf = await readSources()
    if (!filesOf) return
    files = filesOf
    const concerns = (app: string) =>
      [...changed].filter((file) => !before || before.get(app)?.has(file) || filesOf.get(app)?.has(file))
    const concerned = instances.filter(({ app }) => concerns(app.name).length > 0)
    const named = new Set(concerned.flatMap(({ app }) => concerns(app.name)))
    changed.clear()
    if (concerned.length > 0) {
      const list = concerned.map(({ name }) => name).join(', ')
      tell(`${[...named].map((file) => relative(root, file)).join(', ')} changed: restarting ${list}`)
    }
    for (const { name } of concerned) changedAtMs.set(name, sinceMs)
    await Promise.all(concerned.map(({ name }) => supervisor.restart(name)))
    if (concerned.length === 0) types?.request()
  }

  const take = async (supervisor: Pick<Supervisor, 'restart'>, given: string[]) => {
    const sinceMs = performance.now()
    types?.stop()
    for (const file of given) changed.add(file)
    isStale = true
    if (isReading) return
    isReading = true
    while (isStale) {
      isStale = false
      await takeChanges(supervisor, sinceMs)
    }
    isReading = false
  }

  files = await readSources()
  let watching: { close(): void } | undefined
  const standbys: Standby[] = []
  return {
    fileOf: graph.fileOf,
    standbyFor(app, options) {
      const standby = createStandby(graph.fileOf(app), options, () => graph.dependenciesOf(app))
      standbys.push(standby)
      return standby
    },
    report(event) {
      const sinceMs = changedAtMs.get(event.unit)
      changedAtMs.delete(event.unit)
      if (event.kind === 'restarted' && sinceMs !== undefined) {
        const seconds = ((performance.now() - sinceMs) / 1_000).toFixed(1)
        tell(paint('green', `${event.unit} runs the new code, ${seconds} s after it was saved`))
      } else tell(describeEvent(event))
      // After the processes, which need the cores more.
      if (sinceMs !== undefined && changedAtMs.size === 0) types?.request()
    },
    start(supervisor) {
      const folders = globSync(sourceFolders, { cwd: root, exclude: ofVite }).map((folder) => join(root, folder))
      watching = watchFiles(folders, (given) => void take(supervisor, given))
      types?.request()
    },
    async close() {
      watching?.close()
      types?.stop()
      for (const standby of standbys) standby.close()
      await graph.close()
    },
  }
}
