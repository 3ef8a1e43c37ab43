import { keyRingNames } from '@muster/config'
import { z } from 'zod'

/** The files in the folder of a backup. A copy of the stored file `<key>` is `files/<key>`. */
export const partNames = {
  manifest: 'manifest.json',
  signature: 'manifest.sig',
  database: 'database.dump',
  files: 'files.jsonl',
  filesFolder: 'files',
  /** Instead of a dump, the data folder of a stopped server, and the list of what is in it. */
  dataFolder: 'postgres',
  dataList: 'postgres.jsonl',
} as const

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const part = z.object({ sizeBytes: z.int().min(0), sha256 })

/** Describes a backup: what it was made of, the checksum of each part, and what it needs to be restored. */
export const manifestSchema = z.object({
  /** The form of the folder. A release refuses a form that it does not know. */
  format: z.literal(1),
  id: z.uuid(),
  /** The time of the snapshot, by the clock of Postgres. */
  createdAt: z.iso.datetime(),
  release: z.string(),
  installationId: z.uuid(),
  postgres: z.object({ major: z.int(), version: z.string(), dumpMajor: z.int().nullable(), schema: z.string() }),
  /** The names of all applied migrations. */
  migrations: z.array(z.string()),
  /** The signed end of the audit chain as `seq.hash.keyId.signature`; null before the first event. */
  auditHead: z.string().nullable(),
  keys: z.array(
    z.object({
      ring: z.enum(keyRingNames),
      keyId: z.string(),
      /** Recognizes the key and reveals nothing of it; null when the operator gave the key up. */
      checkValue: z.string().nullable(),
      becameCurrentAt: z.iso.datetime().nullable(),
    }),
  ),
  /** `dump`: `database.dump`. `data-folder`: `postgres.jsonl` and what it lists, for this platform alone. */
  database: z.discriminatedUnion('kind', [
    part.extend({ kind: z.literal('dump') }),
    part.extend({ kind: z.literal('data-folder'), platform: z.string(), totalBytes: z.int().min(0) }),
  ]),
  files: part.extend({
    count: z.int().min(0),
    totalBytes: z.int().min(0),
    /** Keys that the database names and the store did not have; at most the first hundred. */
    missing: z.array(z.string()),
    missingCount: z.int().min(0),
  }),
})

export type Manifest = z.infer<typeof manifestSchema>

/** One line of `files.jsonl`. */
export const fileEntrySchema = z.object({ key: z.string(), sizeBytes: z.int().min(0), sha256 })
export type FileEntry = z.infer<typeof fileEntrySchema>
