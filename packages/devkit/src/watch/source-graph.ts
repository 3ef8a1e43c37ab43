import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type BuildContext, context, formatMessages, type Message, type Metafile, type Plugin } from 'esbuild'
import type { Dependency } from './standby.ts'

/** The source files that each app imports, directly or by others, and what is wrong with them. */
export type SourceGraph = {
  /** By the name of the app; paths are absolute. */
  filesOf: ReadonlyMap<string, ReadonlySet<string>>
  /** The faults that keep the sources from running, ready to print: wrong syntax, and imports of what does not exist. Empty when they can run. */
  errors: readonly string[]
}

/** Leaves dependencies out: only packages of the workspace change. */
const withoutDependencies: Plugin = {
  name: 'without-dependencies',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^[^./]/ }, ({ path }) => (path.startsWith('@muster/') ? undefined : { path, external: true })),
}

/**
 * Reads the sources of apps with esbuild, which takes some tenths of a second at first and less when it reads them again. It reads what Node
 * would: types and what is imported only for them are no part of it.
 */
export async function createSourceGraph(root: string, apps: readonly string[]) {
  const mains = new Map(apps.map((name) => [name, `apps/${name}/src/main.ts`]))
  const sources: BuildContext<{ metafile: true; write: false }> = await context({
    absWorkingDir: root,
    entryPoints: [...mains.values()],
    outdir: join(root, 'node_modules/.not-written'),
    bundle: true,
    write: false,
    metafile: true,
    treeShaking: false,
    platform: 'node',
    target: 'node26',
    format: 'esm',
    plugins: [withoutDependencies],
    logLevel: 'silent',
  })
  let known: SourceGraph['filesOf'] = new Map()
  let inputs: Metafile['inputs'] = {}
  return {
    /** Reads the sources again. With errors, the files are those of the last time without. */
    async read(): Promise<SourceGraph> {
      try {
        const { metafile } = await sources.rebuild()
        known = new Map([...mains].map(([name, main]) => [name, filesFrom(metafile, main, root)]))
        inputs = metafile.inputs
        return { filesOf: known, errors: [] }
      } catch (error) {
        return { filesOf: known, errors: await describe((error as { errors?: Message[] }).errors, error) }
      }
    },
    /** Lists the modules outside of the workspace that an app imports, as of the last reading without errors. */
    dependenciesOf(app: string): Dependency[] {
      const own = known.get(app)
      return Object.entries(inputs)
        .filter(([file]) => own?.has(join(root, file)))
        .flatMap(([file, { imports }]) =>
          imports.filter(isDependency).map(({ path }) => toDependency(path, join(root, file))),
        )
    },
    close: () => sources.dispose(),
  }
}

const isDependency = ({ path, external, kind }: Metafile['inputs'][string]['imports'][number]) =>
  external === true && kind === 'import-statement' && !path.startsWith('node:')

const toDependency = (specifier: string, file: string) => ({ specifier, importer: pathToFileURL(file).href })

function filesFrom({ inputs }: Metafile, main: string, root: string): Set<string> {
  const found = new Set([main])
  for (const file of found) for (const { path, external } of inputs[file]?.imports ?? []) if (!external) found.add(path)
  return new Set([...found].map((file) => join(root, file)))
}

async function describe(messages: Message[] | undefined, error: unknown): Promise<string[]> {
  if (!messages) throw error
  const formatted = await formatMessages(messages, { kind: 'error', color: process.stdout.isTTY ?? false })
  return formatted.map((text) =>
    text
      .trim()
      .replace(/^[✘X] /, '')
      .replace(/^\[ERROR\] /, ''),
  )
}
