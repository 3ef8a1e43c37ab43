import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { migrationsFolder, readSourceChecksums, sealed } from '@muster/db/checksums'
import { print } from './print.ts'

const listFile = join(migrationsFolder, 'checksums.json')
const indexFile = join(migrationsFolder, '../src/migrations.gen.ts')

/** Adds new migrations to the committed list of checksums and prints their names, or only checks the list. */
export async function seal(isCheck: boolean): Promise<void> {
  if (isCheck) return checkSeals()
  const added = await sealMigrations()
  print(added.map((name) => `sealed ${name}`).join('\n') || 'nothing to do')
}

/**
 * Compares the sources with the committed list of checksums. Describes in a sentence each migration that was changed, removed
 * or renamed after it was sealed, and each that is not sealed yet.
 * @param sources SHA-256 by name, of the current sources
 * @param list SHA-256 by name, as committed
 */
function findSealFaults(sources: Record<string, string>, list: Readonly<Record<string, string>>): string[] {
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
 * Adds the checksums of new migrations to the committed list and changes no existing line. To seal a migration again that has
 * not landed yet, remove its line from the list manually, which reviewers see.
 * @returns the added names
 * @throws Error when a sealed migration was changed or is gone
 */
async function sealMigrations(): Promise<string[]> {
  const sources = readSourceChecksums()
  const added = Object.keys(sources).filter((name) => sealed[name] === undefined)
  const faults = findSealFaults(sources, { ...sources, ...sealed })
  if (faults.length > 0) throw new Error(faults.join('\n'))
  await writeFile(listFile, `${JSON.stringify(sources, null, 2)}\n`)
  await writeMigrationIndex()
  return added
}

/** Checks the list and the generated index. @throws Error when one of them does not match the current migrations */
async function checkSeals(): Promise<void> {
  const sources = readSourceChecksums()
  const faults = findSealFaults(sources, sealed)
  if ((await readFile(indexFile, 'utf8')) !== indexOf(Object.keys(sources)))
    faults.push('db/src/migrations.gen.ts does not list the present migrations: `npm run db -- seal`.')
  if (faults.length > 0) throw new Error(faults.join('\n'))
}

/** Writes the file that imports every migration: a bundle cannot list a folder. */
export async function writeMigrationIndex(): Promise<void> {
  await writeFile(indexFile, indexOf(Object.keys(readSourceChecksums())))
}

function indexOf(names: readonly string[]): string {
  const imports = names.map((name, index) => `import * as m${index} from '../migrations/${name}.ts'`)
  const entries = names.map((name, index) => `  '${name}': m${index},`)
  return `// Written by \`pnpm db new\`.\n${imports.join('\n')}\n\nexport const migrations = {\n${entries.join('\n')}\n}\n`
}
