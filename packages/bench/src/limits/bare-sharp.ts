import { rm } from 'node:fs/promises'
import sharp from 'sharp'
import { answer } from '../answer.ts'

export type Photos = { paths: string[] }

// As in the image worker: one core per image, no cache.
sharp.concurrency(1)
sharp.cache(false)

const picture = { width: 1_920, height: 1_080, fit: 'inside', withoutEnlargement: true } as const
const thumbnail = { width: 320, height: 320, fit: 'inside', withoutEnlargement: true } as const

/** Runs the same two pipelines on the same files, one after another. Answers with the duration in milliseconds. */
answer<Photos, number>(async ({ paths }) => {
  const startMs = performance.now()
  for (const path of paths) {
    await sharp(path, { failOn: 'error' }).autoOrient().resize(thumbnail).webp({ quality: 70 }).toFile(`${path}.small`)
    await sharp(path, { failOn: 'error', animated: true })
      .autoOrient()
      .resize(picture)
      .webp({ quality: 70 })
      .toFile(`${path}.picture`)
  }
  const elapsedMs = performance.now() - startMs
  for (const path of new Set(paths)) for (const made of ['small', 'picture']) await rm(`${path}.${made}`)
  return elapsedMs
})
