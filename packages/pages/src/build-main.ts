import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { takeLock } from '@muster/supervisor'
import { build, type Rolldown } from 'vite'
import { findFirstLoads, firstLoadsName } from './first-loads.ts'
import { pagesFolder, webFolder } from './folders.ts'
import { precompress } from './precompress.ts'
import { publishRelease, readRelease } from './releases.ts'
import { readSourceStamp } from './source-stamp.ts'

/** Builds the pages, unless what is there was built from the same sources. Builds of one checkout wait for each other. */
const lockFile = join(webFolder, 'node_modules/.cache/pages.lock')
const pollMs = 100
/** Begins the name of a folder in which a build works: on the disk of the folder that is served, which shows no names with a dot. */
const unfinished = '.build-'

async function lock(): Promise<{ release(): void }> {
  for (;;) {
    const taken = await takeLock(lockFile)
    if ('release' in taken) return taken
    await sleep(pollMs)
  }
}

// The plugins find their settings from here.
process.chdir(webFolder)
const own = await lock()
try {
  const startedMs = performance.now()
  const stamp = readSourceStamp()
  if (readRelease(pagesFolder)?.stamp === stamp) console.log(`The pages in ${pagesFolder} are up to date.`)
  else {
    mkdirSync(pagesFolder, { recursive: true })
    for (const left of globSync(`${unfinished}*`, { cwd: pagesFolder }))
      rmSync(join(pagesFolder, left), { recursive: true })
    const built = mkdtempSync(join(pagesFolder, unfinished))
    try {
      const output = await build({ root: webFolder, logLevel: 'warn', build: { outDir: built, emptyOutDir: true } })
      writeFileSync(join(built, firstLoadsName), JSON.stringify(findFirstLoads(output as Rolldown.RolldownOutput)))
      await precompress(built)
      publishRelease(built, pagesFolder, stamp)
    } finally {
      rmSync(built, { recursive: true, force: true })
    }
    console.log(`The pages are in ${pagesFolder}, after ${((performance.now() - startedMs) / 1_000).toFixed(1)} s.`)
  }
} finally {
  own.release()
}
