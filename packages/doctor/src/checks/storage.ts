import { randomBytes, randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createStorage, ForeignFilesError, placeOf, type StorageConfig, type StorageDriver } from '@muster/storage'
import { reasonOf } from '@muster/telemetry'
import { type Notes, Unchecked } from '../finding.ts'
import type { Tools } from '../tools.ts'

const probeBytes = 4_096

/** Stores a file in each store of files, reads it back and deletes it. A store that belongs to nobody or another installation is only named. */
export async function checkStorage(tools: Tools, notes: Notes): Promise<void> {
  const { storage } = tools.settings
  if (!storage) throw new Unchecked('The settings of the file storage are missing or faulty.')
  const { fallback, ...first } = storage
  await Promise.all(
    [first as StorageConfig, ...(fallback ? [fallback] : [])].map((one) => checkStore(one, tools, notes)),
  )
}

async function checkStore(config: StorageConfig, tools: Tools, notes: Notes): Promise<void> {
  const place = placeOf(config)
  // The driver would make a folder that does not exist.
  if (config.driver === 'local' && !(await exists(config.localDir))) return noteAbsent(place, tools, notes)
  const driver = createStorage(config)
  try {
    const owner = await driver.owner.read()
    if (!owner) return notes.fact(`${place} has no owner yet: the first process that starts makes it its own.`)
    const installationId = await tools.installationId().catch(() => undefined)
    if (!installationId)
      throw new Unchecked(`${place} can be read; whether it belongs to this installation is unknown without Postgres.`)
    if (owner !== installationId) return noteForeign(new ForeignFilesError({ place, owner, installationId }), notes)
    const startMs = performance.now()
    await roundTrip(driver)
    notes.fact(`${place} stored, returned and deleted a file in ${Math.round(performance.now() - startMs)} ms.`)
  } catch (error) {
    if (error instanceof Unchecked) throw error
    noteFailure(config, error, notes)
  }
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )

/** A process makes the folder at its start: right for a new installation, and wrong where the database names files. */
async function noteAbsent(place: string, tools: Tools, notes: Notes): Promise<void> {
  const db = await tools.postgres()
  const file = await db.selectFrom('attachments').select('id').where('size_bytes', '>', 0).limit(1).executeTakeFirst()
  if (!file) return notes.fact(`${place} does not exist yet: the first process that starts makes it.`)
  notes.find({
    id: 'storage-missing',
    severity: 'error',
    what: `${place} does not exist, and the database names files.`,
    remedy: 'Mount it, or set STORAGE_LOCAL_DIR to the folder that has the files.',
  })
}

async function roundTrip(driver: StorageDriver): Promise<void> {
  const key = `checks/${randomUUID()}`
  const bytes = randomBytes(probeBytes)
  try {
    await driver.put(key, Readable.from([bytes]))
    const { stream } = await driver.open(key)
    if (!(await buffer(stream)).equals(bytes))
      throw Object.assign(new Error('The bytes differ.'), { code: 'OTHER_BYTES' })
  } finally {
    await driver.remove([key])
  }
}

const noteForeign = ({ message, remedy }: ForeignFilesError, notes: Notes) =>
  notes.find({ id: 'storage-owner', severity: 'error', what: message, remedy })

/** The drivers give the remedies of what an operator must change; the text of a server is left out. */
function noteFailure(config: StorageConfig, error: unknown, notes: Notes): void {
  const cause: unknown = Object(error).cause ?? error
  const { remedy } = Object(cause) as { remedy?: unknown }
  notes.find({
    id: 'storage-unavailable',
    severity: 'error',
    what: `${placeOf(config)} cannot be used (${reasonOf(cause)}).`,
    remedy:
      typeof remedy === 'string'
        ? remedy
        : config.driver === 'local'
          ? 'Make it a folder that the user of the processes may read and write, or set STORAGE_LOCAL_DIR to another one.'
          : 'Check the address, the credentials and the permissions of the store in the settings of STORAGE_DRIVER.',
  })
}
