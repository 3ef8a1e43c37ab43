import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { guideFiles } from './http/guides.ts'

/** Copies the guides to the folder in the first argument: beside the bundle, which has no `docs/` at hand where it runs. */
const [folder = 'guides'] = process.argv.slice(2)
const target = pathToFileURL(join(folder, '/'))
await rm(target, { recursive: true, force: true })
for (const file of Object.values(guideFiles)) {
  await cp(new URL(`../../../docs/${file}`, import.meta.url), new URL(file, target))
}
