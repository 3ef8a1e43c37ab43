import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Advisory, readAdvisories } from './advisories.ts'
import { refusedLicences } from './licences.ts'
import { type InstalledPackage, productionPackages } from './production-packages.ts'

/** Prints the number of production dependencies of each app, and fails on an advisory or on a licence that is not allowed. */
const root = resolve(import.meta.dirname, '../../..')
const apps = readdirSync(join(root, 'apps')).sort()
/** Lower ones are printed. */
const failing = new Set(['high', 'critical'])

const all = new Map<string, InstalledPackage>()
console.log('Production dependencies of each app (packages of the registry; of the workspace):')
for (const app of apps) {
  const packages = productionPackages(join(root, 'apps', app))
  for (const one of packages) all.set(`${one.name}@${one.version}`, one)
  const foreign = packages.filter(({ isOwn }) => !isOwn).length
  console.log(`  ${app.padEnd(18)}${String(foreign).padStart(4)}  ${String(packages.length - foreign).padStart(4)}`)
}
const ownCount = [...all.values()].filter(({ isOwn }) => isOwn).length
console.log(`  ${'all together'.padEnd(18)}${String(all.size - ownCount).padStart(4)}  ${String(ownCount).padStart(4)}`)

const refused = refusedLicences([...all.values()])
for (const line of refused)
  console.error(
    `Licence not allowed: ${line}. Replace the package, or allow the licence in packages/dependencies/src/licences.ts.`,
  )
if (refused.length === 0) console.log('All their licences are allowed.')

const outcome = await readAdvisories(root)
if ('unavailable' in outcome)
  console.log(`Advisories were NOT checked: the registry does not tell them (${outcome.unavailable}).`)
else report(outcome.found)
if (refused.length > 0 || ('found' in outcome && outcome.found.some(({ severity }) => failing.has(severity))))
  process.exitCode = 1

function report(found: readonly Advisory[]): void {
  for (const { module, severity, title, url } of found)
    console.error(`Advisory (${severity}): ${module}: ${title} ${url}`)
  if (found.length === 0) console.log('No advisory is known about them.')
}
