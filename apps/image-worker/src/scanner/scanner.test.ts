import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { newId } from '@muster/db'
import { optimizeAvatar, scanFile } from '@muster/jobs/definitions'
import { avatarKeys } from '@muster/storage'
import { eventually, insertUser, startTestProcess } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHarness, type Harness } from '../testing/harness.ts'
import { gpsPhoto } from '../testing/images.ts'
import { environmentOf, mainFile } from '../testing/worker-process.ts'
import { createScanner } from './scanner.ts'

let folder: string
let program: string
let worker: Harness
const lines: Record<string, unknown>[] = []

/**
 * A scanner as operators have: it tells by its exit code. It notes its arguments and how many run at once, fails while the file `broken`
 * exists beside it, and hangs while `hanging` does.
 */
const script = `#!/bin/sh
here=$(dirname "$0")
echo "$# $1 $2" >> "$here/arguments"
touch "$here/run-$$"; ls "$here" | grep -c '^run-' >> "$here/parallel"
trap 'rm -f "$here/run-$$"' EXIT
[ -z "$DATABASE_URL$REDIS_URL" ] || exit 3
if [ -e "$here/hanging" ]; then sleep 600; fi
if [ -e "$here/broken" ]; then echo "cannot connect to clamd" >&2; exit 2; fi
sleep 0.1
for last; do :; done
if grep -q "MALWARE-FOR-TESTS" "$last"; then exit 1; fi
exit 0
`
const flag = (name: string) => ({
  set: () => writeFile(join(folder, name), ''),
  clear: () => rm(join(folder, name), { force: true }),
})
const broken = flag('broken')
const hanging = flag('hanging')

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-scanner-'))
  program = join(folder, 'scan it')
  await writeFile(program, script)
  await chmod(program, 0o755)
  const scan = { command: [program, '--no-summary'] as [string, string], timeoutMs: 20_000, concurrency: 1 }
  worker = await createHarness({ scan, onLog: (line) => lines.push(line) })
})
afterAll(async () => {
  await worker.close()
  await rm(folder, { recursive: true, force: true })
})

async function uploadDocument(content: string): Promise<string> {
  const id = await worker.insert(Buffer.from(content))
  const document = { kind: 'document', filename: 'notes.txt', content_type: 'text/plain; charset=utf-8' }
  await worker.db.updateTable('attachments').set(document).where('id', '=', id).execute()
  await worker.transact(async ({ enqueue }) => enqueue(scanFile, { attachmentId: id }))
  return id
}
const infected = 'The virus scanner found malware in this file.'
const actionsOf = async (id: string) =>
  (await worker.db.selectFrom('audit_pending').select('action').where('target_id', '=', id).execute()).map(
    ({ action }) => action,
  )

test('clean documents and images become ready, infected ones fail with a reason and leave no bytes', async () => {
  const photo = await gpsPhoto(300, 200)
  const [clean, bad, image, badImage] = await Promise.all([
    uploadDocument('harmless'),
    uploadDocument('MALWARE-FOR-TESTS'),
    worker.upload(photo),
    worker.upload(Buffer.concat([photo, Buffer.from('MALWARE-FOR-TESTS')])),
  ])
  expect(await worker.finished(clean)).toMatchObject({ status: 'ready', storage_key: `attachments/${clean}/original` })
  expect(await actionsOf(clean)).toEqual(['attachment.scanned'])
  expect(await worker.finished(image)).toMatchObject({ status: 'ready' })
  for (const id of [bad, badImage]) {
    expect(await worker.finished(id)).toMatchObject({ status: 'failed', failure_reason: infected, size_bytes: 0 })
    expect(await actionsOf(id)).toEqual(['attachment.failed'])
  }
  await eventually(async () => expect((await worker.keys()).filter((key) => key.includes(bad))).toEqual([]))
  const calls = (await readFile(join(folder, 'arguments'), 'utf8')).trim().split('\n')
  for (const call of calls) expect(call).toMatch(/^2 --no-summary .*\/muster-image-[^/]+\/original$/)
  expect(new Set((await readFile(join(folder, 'parallel'), 'utf8')).trim().split('\n'))).toEqual(new Set(['1']))
}, 60_000)

test('an infected avatar is refused, and its uploader is notified', async () => {
  const { id: userId } = await insertUser(worker.db)
  const uploadId = newId()
  const bytes = Buffer.concat([await gpsPhoto(200, 200), Buffer.from('MALWARE-FOR-TESTS')])
  await worker.storage.put(avatarKeys(userId, uploadId).original, Readable.from([bytes]))
  await worker.transact(async ({ trx, enqueue }) => {
    const upload = { avatar_upload_id: uploadId, avatar_status: 'processing' }
    await trx.updateTable('users').set(upload).where('id', '=', userId).execute()
    enqueue(optimizeAvatar, { userId, uploadId })
  })
  await eventually(
    async () => {
      const notices = await worker.db
        .selectFrom('notifications')
        .select('message')
        .where('user_id', '=', userId)
        .execute()
      expect(notices).toEqual([{ message: `The picture that you uploaded can’t be used. ${infected}` }])
    },
    { timeoutMs: 30_000 },
  )
}, 60_000)

test('while the scanner fails, files wait without using up attempts, the reason is told, and then they are ready', async () => {
  await broken.set()
  const id = await uploadDocument('waits')
  await eventually(
    () =>
      expect(lines.some(({ err }) => /exit code 2: cannot connect to clamd/.test(JSON.stringify(err ?? '')))).toBe(
        true,
      ),
    {
      timeoutMs: 20_000,
    },
  )
  await expect(worker.deps.scanner.check()).rejects.toMatchObject({ code: 'SCANNER_FAILED' })
  const row = await worker.db.selectFrom('attachments').select('status').where('id', '=', id).executeTakeFirst()
  expect(row).toEqual({ status: 'processing' })
  expect(lines.filter(({ msg }) => msg === 'job failed')).toEqual([])
  await broken.clear()
  expect(await worker.finished(id)).toMatchObject({ status: 'ready' })
  await worker.deps.scanner.check()
}, 90_000)

test('a scanner that hangs is ended with its children after its time, and one that is missing is named', async () => {
  await hanging.set()
  const { signal } = new AbortController()
  const slow = createScanner({ command: [program], timeoutMs: 1_000, concurrency: 1 })
  await expect(slow.scan(program, signal)).rejects.toMatchObject({ name: 'RetryLater', cause: { code: 'TIMEOUT' } })
  await hanging.clear()
  const missing = createScanner({ command: [join(folder, 'nowhere')], timeoutMs: 1_000, concurrency: 1 })
  await expect(missing.scan(program, signal)).rejects.toMatchObject({ cause: { code: 'ENOENT' } })
  expect((await readdir(folder)).includes('scan it')).toBe(true)
}, 30_000)

test('a start with a scanner that is not installed is refused with what to do', async () => {
  const process = startTestProcess(mainFile, { ...environmentOf(worker), SCAN_COMMAND: 'no-such-scanner --fdpass' })
  expect(await process.ended).toEqual({ code: 1, signal: null })
  expect(process.output()).toContain('the program no-such-scanner is not found')
}, 60_000)
