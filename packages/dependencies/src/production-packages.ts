import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

type Manifest = {
  name: string
  version?: string
  license?: string | { type: string }
  licenses?: { type: string }[]
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

/** A package that is installed for production. */
export type InstalledPackage = { name: string; version: string; license: string; isOwn: boolean }

/**
 * Finds every package that a folder needs in production: its dependencies, theirs and so on, as they are installed. Development
 * dependencies and optional packages for other systems are left out.
 * @throws Error for a dependency that is not installed
 */
export function productionPackages(folder: string): InstalledPackage[] {
  const found = new Map<string, InstalledPackage>()
  const visit = (at: string) => {
    const { dependencies = {}, optionalDependencies = {} } = read(at)
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const place = locate(at, name)
      if (!place && name in optionalDependencies) continue
      if (!place) throw new Error(`${name}, which ${at} needs, is not installed. Run \`pnpm install\`.`)
      if (found.has(place)) continue
      const manifest = read(place)
      const isOwn = !place.includes('node_modules')
      found.set(place, { name: manifest.name, version: manifest.version ?? '', license: licenseOf(manifest), isOwn })
      visit(place)
    }
  }
  visit(realpathSync(folder))
  return [...found.values()].sort((one, other) => one.name.localeCompare(other.name))
}

const read = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

/** Finds an installed package as Node does: in the folders `node_modules` from here up. */
function locate(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const place = join(folder, 'node_modules', name)
    if (existsSync(join(place, 'package.json'))) return realpathSync(place)
    if (folder === dirname(folder)) return undefined
  }
}

function licenseOf({ license, licenses }: Manifest): string {
  if (typeof license === 'string') return license
  return license?.type ?? licenses?.map(({ type }) => type).join(' OR ') ?? 'none'
}
