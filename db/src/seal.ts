import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { migrationsFolder, readSourceChecksums, sealed } from './checksums.ts'

const listFile = join(migrationsFolder, 'checksums.json')
const indexFile = join(import.meta.dirname, 'migrations.gen.ts')

/**
 * Finds what is wrong with the committed list of checksums, one sentence each: a migration that was changed, removed or
 * renamed since it was sealed, or one that is not sealed yet.
 * @param sources SHA-256 by name of the sources that are there
 * @param list SHA-256 by name as committed
 */
export function findSealFaults(sources: Record<string, string>, list: Readonly<Record<string, string>>): string[] {
  const broken = Object.entries(list).flatMap(([name, checksum]) => {
    if (sources[name] === undefined)
      return [`db/migrations/${name}.ts is sealed and gone. Bring it back under this name: databases have applied it.`]
    if (sources[name] === checksum) return []
    return [
      `db/migrations/${name}.ts was changed after it was sealed. Put it back (\`git checkout -- db/migrations\`) and make ` +
        'the change in a new migration: `npm run db -- new <name>`.',
    ]
  })
  const unsealed = Object.keys(sources).filter((name) => list[name] === undefined)
  return [
    ...broken,
    ...unsealed.map((name) => `db/migrations/${name}.ts is not sealed. When it is done: \`npm run db -- seal\`.`),
  ]
}

/**
 * Adds the checksums of new migrations to the committed list. No line that stands there is changed: one of a migration that
 * has not landed yet is taken out by hand to seal it again, where a reader of the change sees it.
 * @returns the names that were added
 * @throws Error when a sealed migration was changed or is gone
 */
export async function sealMigrations(): Promise<string[]> {
  const sources = readSourceChecksums()
  const added = Object.keys(sources).filter((name) => sealed[name] === undefined)
  const faults = findSealFaults(sources, { ...sources, ...sealed })
  if (faults.length > 0) throw new Error(faults.join('\n'))
  await writeFile(listFile, `${JSON.stringify(sources, null, 2)}\n`)
  await writeMigrationIndex()
  return added
}

/** @throws Error when the list, or the generated index, does not fit the migrations that are there */
export async function checkSeals(): Promise<void> {
  const sources = readSourceChecksums()
  const faults = findSealFaults(sources, sealed)
  if ((await readFile(indexFile, 'utf8')) !== indexOf(Object.keys(sources)))
    faults.push('db/src/migrations.gen.ts does not list the migrations that are there: `npm run db -- seal`.')
  if (faults.length > 0) throw new Error(faults.join('\n'))
}

/** Writes the file that imports every migration: a bundle can't list a folder. */
export async function writeMigrationIndex(): Promise<void> {
  await writeFile(indexFile, indexOf(Object.keys(readSourceChecksums())))
}

function indexOf(names: readonly string[]): string {
  const imports = names.map((name, index) => `import * as m${index} from '../migrations/${name}.ts'`)
  const entries = names.map((name, index) => `  '${name}': m${index},`)
  return `// Written by \`pnpm db new\`.\n${imports.join('\n')}\n\nexport const migrations = {\n${entries.join('\n')}\n}\n`
}
