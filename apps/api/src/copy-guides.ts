import { cp, rm } from 'node:fs/promises'
import { guideFiles } from './http/guides.ts'

/** Copies the guides beside the bundle, which has no `docs/` at hand where it runs. */
const target = new URL('../dist/guides/', import.meta.url)
await rm(target, { recursive: true, force: true })
for (const file of Object.values(guideFiles)) {
  await cp(new URL(`../../../docs/${file}`, import.meta.url), new URL(file, target))
}
