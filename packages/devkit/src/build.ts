import { readFile, rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { build, type Plugin } from 'esbuild'

/**
 * Bundles the app of the current folder: src/main.ts, or the entry in the first argument, becomes dist/main.js. Each further
 * entry is named like its folder: `src/cli/main.ts` becomes dist/cli.js. Dependencies in the app's own package.json stay imports.
 * Packages of the workspace and their dependencies are inlined, because Node would not find them from dist/.
 */
const { name, dependencies = {} } = JSON.parse(await readFile('package.json', 'utf8')) as {
  name: string
  dependencies?: Record<string, string>
}
const listed = new Set(Object.keys(dependencies).filter((dependency) => !dependency.startsWith('@muster/')))
/** Packages with compiled code, which cannot be inlined. */
const native = new Set(['bcrypt', 'sharp'])

const listedStayImports: Plugin = {
  name: 'listed-stay-imports',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^[^./]/ }, ({ path }) => {
      const dependency = packageOf(path)
      return listed.has(dependency) || native.has(dependency) ? { path, external: true } : undefined
    }),
}

/** Declares the packages of the workspace free of side effects, so that the bundle contains only the modules in use. */
const packagesAreInert: Plugin = {
  name: 'packages-are-inert',
  setup: ({ onResolve, resolve }) =>
    onResolve({ filter: /^(@muster\/|\.)/ }, async ({ path, pluginData, ...rest }) => {
      if (pluginData === 'resolving') return undefined
      const found = await resolve(path, { ...rest, pluginData: 'resolving' })
      const isOfPackage = /[\\/](packages[\\/][^\\/]+|db)[\\/]src[\\/]/.test(found.path)
      return isOfPackage && !/[\\/]node_modules[\\/]/.test(found.path) ? { ...found, sideEffects: false } : found
    }),
}

const [entry = 'src/main.ts', ...further] = process.argv.slice(2)

await rm('dist', { recursive: true, force: true })
const { metafile } = await build({
  entryPoints: [{ in: entry, out: 'main' }, ...further.map((path) => ({ in: path, out: basename(dirname(path)) }))],
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node26',
  format: 'esm',
  sourcemap: true,
  metafile: true,
  // pg loads it only where it is installed.
  external: ['pg-native'],
  // Inlined CommonJS code calls require for Node's own modules.
  banner: { js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);" },
  plugins: [listedStayImports, packagesAreInert],
  logLevel: 'warning',
})

const imports = Object.values(metafile.outputs).flatMap((output) => output.imports)
const unlisted = [...native].filter(
  (dependency) => !listed.has(dependency) && imports.some(({ path }) => path === dependency),
)
if (unlisted.length > 0) {
  console.error(
    `${name} uses ${unlisted.join(', ')} through a package of the workspace: list it in its package.json too.`,
  )
  process.exit(1)
}

/** Strips the path from `@scope/name/path` and `name/path`. */
function packageOf(path: string): string {
  const parts = path.split('/')
  return path.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? path)
}
