import { execFile } from 'node:child_process'
import { chmod, copyFile, cp, rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { builtPages } from '@muster/pages'
import { build, type Plugin } from 'esbuild'
import { sources } from '../entries.ts'

/**
 * Bundles all apps, the migrations and the operator's commands into `dist/`, or into the folder that the argument names, with the pages in
 * `web` below it, unless `--without-pages` is set. Code of several of them stands in files that they share; every dependency is inlined, except for packages with compiled
 * code or with files of their own.
 */
const root = resolve(import.meta.dirname, '../../../..')
const {
  positionals: [folder = join(root, 'packages/launcher/dist')],
  values: { 'without-pages': isWithoutPages },
} = parseArgs({ allowPositionals: true, options: { 'without-pages': { type: 'boolean' } } })
const dist = resolve(folder)

/** The dependencies in package.json of this package, and what others load only where it is installed. */
const notInlined = ['bcrypt', 'sharp', '@bull-board/ui', 'pg-native', 'kysely-codegen']

/** Inlined CommonJS code calls require and asks where its file is. */
const commonJs = [
  `import { createRequire as __createRequire } from 'node:module'`,
  `import { dirname as __dirnameOf } from 'node:path'`,
  `import { fileURLToPath as __pathOf } from 'node:url'`,
  'const require = __createRequire(import.meta.url), __filename = __pathOf(import.meta.url), __dirname = __dirnameOf(__filename)',
]

/** Declares the packages of the workspace free of side effects, so that a file contains only the modules in use. */
const packagesAreInert: Plugin = {
  name: 'packages-are-inert',
  setup: ({ onResolve, resolve: find }) =>
    onResolve({ filter: /^(@muster\/|\.)/ }, async ({ path, pluginData, ...rest }) => {
      if (pluginData === 'resolving') return undefined
      const found = await find(path, { ...rest, pluginData: 'resolving' })
      const isOfPackage = /[\\/](packages[\\/][^\\/]+|db)[\\/]src[\\/]/.test(found.path)
      return isOfPackage && !/[\\/]node_modules[\\/]/.test(found.path) ? { ...found, sideEffects: false } : found
    }),
}

await rm(dist, { recursive: true, force: true })
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { ...sources },
  outdir: dist,
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node26',
  format: 'esm',
  // Function names and comments with paths stay, so that a stack is readable; NODE_OPTIONS=--enable-source-maps adds the lines.
  sourcemap: 'linked',
  sourcesContent: false,
  external: notInlined,
  banner: { js: `${commonJs.join(';')};` },
  plugins: [packagesAreInert],
  metafile: true,
  logLevel: 'warning',
})
// What CommonJS code exports is under `default` alone there, and not under its names as in Node.
const broken = Object.entries(metafile.inputs)
  .filter(([path]) => !path.includes('node_modules/'))
  .flatMap(([path, { imports }]) =>
    imports
      .filter(({ kind, path: imported }) => kind === 'dynamic-import' && metafile.inputs[imported]?.format === 'cjs')
      .map(({ original }) => `${path} imports the CommonJS package ${original} dynamically`),
  )
if (broken.length > 0)
  throw new Error(`${broken.join('\n')}. Import it statically in a module that is imported dynamically.`)
await chmod(join(dist, 'muster.js'), 0o755)
await promisify(execFile)(process.execPath, [join(root, 'apps/api/src/copy-guides.ts'), join(dist, 'guides')])
if (!isWithoutPages)
  await cp(await builtPages(), join(dist, 'web'), {
    recursive: true,
    filter: (path) => !basename(path).startsWith('.'),
  })
await copyFile(join(root, 'docker/.env.example'), join(dist, 'env.example'))
