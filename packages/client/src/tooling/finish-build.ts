import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Makes `dist` a package that npm can publish: its package.json has the version of this repository, and its declarations name their
 * neighbours by `.js`, which every compiler resolves.
 */
type Manifest = { version: string; description: string; dependencies: Record<string, string> }

const own = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const readManifest = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Manifest

const dist = own('dist')
const { version } = readManifest(own('../../package.json'))
const dependencies = Object.fromEntries(
  Object.keys(readManifest(own('package.json')).dependencies).map((name) => [
    name,
    `^${readManifest(own(`node_modules/${name}/package.json`)).version}`,
  ]),
)

for (const file of globSync('**/*.d.ts', { cwd: dist })) {
  const path = join(dist, file)
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/(from |import\()('\.[^']*)\.ts'/g, "$1$2.js'"))
}
writeFileSync(
  join(dist, 'package.json'),
  `${JSON.stringify(
    {
      name: '@muster/client',
      version,
      description: 'A client of Muster: its HTTP API and its realtime, typed.',
      type: 'module',
      sideEffects: false,
      engines: { node: '>=20' },
      exports: { '.': { types: './index.d.ts', default: './index.js' } },
      dependencies,
    },
    undefined,
    2,
  )}\n`,
)
