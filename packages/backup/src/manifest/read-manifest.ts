import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeyRing } from '@muster/security/key-ring'
import { BackupRefusal } from '../refusal.ts'
import { type Manifest, manifestSchema, partNames } from './manifest.ts'
import { judgeSignature } from './signature.ts'

/** Reads the manifest of a backup. @throws BackupRefusal when it is missing, incomplete, or not signed by a key of the ring */
export async function readManifest(folder: string, ring: KeyRing): Promise<Manifest> {
  const found = await stat(folder).catch(() => undefined)
  if (!found?.isDirectory()) throw new BackupRefusal(`There is no folder ${folder}.`)
  const [bytes, signature] = await Promise.all([
    readPart(folder, partNames.manifest),
    readPart(folder, partNames.signature),
  ])
  const judgement = judgeSignature(ring, bytes, signature.toString('utf8'))
  if (judgement.state === 'unknown-key')
    throw new BackupRefusal(
      `The backup in ${folder} is signed by the key "${judgement.keyId}", which AUDIT_KEYS lacks. Restore it with the key rings of the ` +
        'installation that made it. If you do not know it, do not trust it.',
    )
  if (judgement.state === 'wrong')
    throw new BackupRefusal(
      `${partNames.manifest} in ${folder} does not fit its signature: it was changed, or made by another installation. Restore an older backup, or use the key rings of the installation that made it.`,
    )
  return parse(folder, bytes)
}

function parse(folder: string, bytes: Buffer): Manifest {
  const json: unknown = JSON.parse(bytes.toString('utf8'))
  const parsed = manifestSchema.safeParse(json)
  if (parsed.success) return parsed.data
  throw new BackupRefusal(
    `${partNames.manifest} in ${folder} has a form that this release does not know. Restore it with the release that made it (${String(Object(json).release)}), or a newer one.`,
  )
}

async function readPart(folder: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new BackupRefusal(
      `The backup in ${folder} is not complete: it has no ${name}. A backup that was interrupted cannot be restored.`,
    )
  }
}
