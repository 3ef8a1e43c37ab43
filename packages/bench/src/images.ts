import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '@muster/db'
import { attachmentKeys } from '@muster/storage'
import sharp from 'sharp'
import type { Stage } from './stage.ts'
import { insertTasks, someTasks } from './tasks.ts'
import { insertUser } from './users.ts'

const variants = 4

/** Writes JPEG photos of 12 megapixels with the detail and the file size of real ones. @returns their paths */
export async function makePhotos({ home }: Pick<Stage, 'home'>): Promise<string[]> {
  const folder = join(home, 'photos')
  await mkdir(folder, { recursive: true })
  return Promise.all(
    Array.from({ length: variants }, async (_, index) => {
      const path = join(folder, `photo-${index}.jpg`)
      const exif = { IFD0: { Make: 'Bench', Model: `${index}` } }
      await scene(4_000, 3_000).jpeg({ quality: 88 }).withExif(exif).toFile(path)
      return path
    }),
  )
}

/** Writes an image of each kind that users upload: photos, a screenshot, an animation, … @returns their paths */
export async function makeMixture(stage: Pick<Stage, 'home'>): Promise<string[]> {
  const [photo = ''] = await makePhotos(stage)
  const frames = await Promise.all(Array.from({ length: 20 }, () => scene(320, 240).png().toBuffer()))
  const made = {
    'screenshot.png': scene(1_440, 900).png({ palette: true }),
    'turned.jpg': scene(1_600, 1_200).jpeg().withMetadata({ orientation: 6 }),
    'glass.png': scene(800, 600).ensureAlpha(0.4).png(),
    'small.webp': scene(640, 480).webp(),
    'moving.gif': sharp(frames, { join: { animated: true } }).gif({ delay: Array(20).fill(40) }),
  }
  const paths = Object.entries(made).map(async ([name, image]) => {
    const path = join(stage.home, 'photos', name)
    await writeFile(path, await image.toBuffer())
    return path
  })
  return [photo, ...(await Promise.all(paths))]
}

/** Renders large soft shapes under fine noise. */
function scene(width: number, height: number) {
  const noise = { type: 'gaussian', mean: 128, sigma: 9 } as const
  const shapes = Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><defs><linearGradient id="a" x2="1" y2="1">
      <stop stop-color="#2a5d8c"/><stop offset="1" stop-color="#d9b26a"/></linearGradient></defs>
      <rect width="100%" height="100%" fill="url(#a)" opacity="0.7"/>
      <circle cx="30%" cy="40%" r="22%" fill="#813a2f" opacity="0.6"/></svg>`,
  )
  const create = { width, height, channels: 3, background: '#888', noise } as const
  return sharp({ create })
    .composite([{ input: shapes }])
    .removeAlpha()
}

/** Inserts uploads as the API does, from these files in turn: processing rows and originals. @returns their ids */
export async function insertUploads(stage: Stage, files: string[], count: number): Promise<string[]> {
  const user = await insertUser(stage)
  await insertTasks(stage, user, 1)
  const [taskId] = await someTasks(stage, user, 1)
  const ids = Array.from({ length: count }, newId)
  for (const [index, id] of ids.entries()) {
    const path = join(stage.home, 'files', attachmentKeys(id).original)
    await mkdir(dirname(path), { recursive: true })
    await copyFile(files[index % files.length] as string, path)
  }
  await stage.db.query(
    `insert into attachments (id, task_id, filename, content_type, kind, status, size_bytes, original_size_bytes, storage_key)
     select id, $2, 'photo.jpg', 'image/jpeg', 'image', 'processing', 1, 1, 'attachments/' || id || '/original'
     from unnest($1::uuid[]) as id`,
    [ids, taskId],
  )
  return ids
}

/** Polls until `count` images are ready. Calls `onPoll` on each poll. @throws Error when one fails or time is up */
export async function untilReady(
  { db }: Pick<Stage, 'db'>,
  count: number,
  { patienceMs, onPoll }: { patienceMs: number; onPoll?: (ready: number) => void },
): Promise<void> {
  const deadlineMs = performance.now() + patienceMs
  for (;;) {
    const { rows } = await db.query<{ ready: number; reason: string | null }>(
      `select count(*) filter (where status = 'ready')::int as ready, max(failure_reason) as reason from attachments`,
    )
    const { ready = 0, reason } = rows[0] ?? {}
    if (reason) throw new Error(`an image failed: ${reason}`)
    onPoll?.(ready)
    if (ready >= count) return
    if (performance.now() > deadlineMs) throw new Error(`${count - ready} images were not made in ${patienceMs} ms`)
    // Polling takes CPU from the processes that are measured; only the last two images need a precise end.
    await sleep(ready < count - 2 ? 100 : 20)
  }
}

/** Deletes all uploads, after the worker has processed the jobs that delete their originals. */
export async function clearUploads({ db, home }: Pick<Stage, 'db' | 'home'>): Promise<void> {
  while ((await db.query('select from outbox limit 1')).rowCount) await sleep(20)
  await db.query('truncate attachments')
  await rm(join(home, 'files/attachments'), { recursive: true, force: true })
}
