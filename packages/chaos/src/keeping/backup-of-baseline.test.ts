import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { type CloudinaryPeer, startCloudinaryPeer } from '@muster/storage/testing'
import { findProgram, isLongForm, mountDisk, type OwnRedis, startOwnRedis } from '@muster/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type ChaosPostgres, startChaosPostgres } from '../faults/postgres.ts'
import type { Env } from '../system/apps.ts'
import { migrate } from '../system/database.ts'
import { muster } from '../system/muster-command.ts'
import { type System, startSystemOn } from '../system/system.ts'
import { baselineFiles, readBaseline, restoreFiles, ringsByApp } from '../upgrade/baseline.ts'
import { copyAsNextRelease } from './next-release.ts'

const initdb = findProgram('initdb')
const version = '0.5.0'
const slow = { timeout: 60_000 }

describe.skipIf(!initdb || !isLongForm)(
  'backups of an installation with the data of 0.5.0 (Debian package postgresql)',
  () => {
    let system: System<ChaosPostgres>
    let home: string
    let peer: CloudinaryPeer
    let redis: OwnRedis

    beforeAll(async () => {
      const { dump, keyRings } = readBaseline(version)
      const fill = async (url: string) => {
        await query(url, dump)
        await migrate(url)
      }
      const programs = dirname(dirname(initdb as string))
      home = await mkdtemp(join(tmpdir(), 'muster-baseline-'))
      ;[system, peer, redis] = await Promise.all([
        startSystemOn((places) => startChaosPostgres({ programs, migrate: fill, ...places }), ringsByApp(keyRings)),
        startCloudinaryPeer(),
        startOwnRedis(),
      ])
      await restoreFiles(version, system.home)
      expect(await run(['files', 'claim'])).toMatchObject({ code: 0 })
    }, 120_000)
    afterAll(async () => {
      await system?.close()
      await Promise.all([peer?.close(), redis?.stop()])
      if (home) await rm(home, { recursive: true, force: true })
    })

    const run = (args: string[], changes: Env = {}) => muster(args, system.env('api', changes))

    let copies = 0
    /** Makes an empty database, and returns the settings of a copy that is restored into it. */
    async function newCopy(changes: Env = {}): Promise<Env> {
      const name = `copy_${randomUUID().replaceAll('-', '')}`
      await query(system.postgres.clusterUrl, `create database ${name}`)
      const place = join(home, name)
      copies++
      return {
        DATABASE_URL: Object.assign(new URL(system.postgres.url), { pathname: name }).href,
        REDIS_URL: Object.assign(new URL(redis.url), { pathname: `/${copies}` }).href,
        STORAGE_LOCAL_DIR: join(place, 'files'),
        STAGING_DIR: join(place, 'staging'),
        ...changes,
      }
    }

    const isWhole = async (folder: string) =>
      expect(await run(['restore', folder, '--check'])).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/is whole/),
      })

    /** Replaces a stored file by one whose size no row tells. @returns how to put the former back */
    async function growAvatar(bytes: number): Promise<() => Promise<void>> {
      const [path = ''] = await storedFiles(join(system.home, 'files'), /^avatars\//)
      const file = join(system.home, 'files', path)
      const former = await readFile(file)
      await writeFile(file, randomBytes(bytes))
      return () => writeFile(file, former)
    }

    /** Adds a table that compresses badly. @returns how to remove it */
    async function growDatabase(bytes: number): Promise<() => Promise<void>> {
      const random = `decode(string_agg(md5(random()::text), ''), 'hex')`
      await query(
        system.postgres.url,
        `create table ballast as select ${random} as bytes from generate_series(1, ${bytes / 16}) as number group by number % 16`,
      )
      return async () => void (await query(system.postgres.url, 'drop table ballast'))
    }

    test.for([
      ['a file is copied', growAvatar],
      ['the database is dumped', growDatabase],
    ] as const)(
      'a disk that is full while %s leaves nothing of the backup, and the next one succeeds',
      slow,
      async ([, grow], context) => {
        const disk = await mountDisk(home, randomUUID(), 10)
        if (!disk) return context.skip('left out: this machine mounts no tmpfs (needs root)')
        onTestFinished(() => disk.unmount())
        const folder = join(disk.path, 'one')
        const shrink = await grow(14 * 2 ** 20)
        const failed = await run(['backup', folder])
        expect([failed.code, failed.stdout]).toEqual([1, ''])
        expect(failed.stderr).toMatch(
          /The disk of \S+ became full while the backup was written\. Nothing is left of it, and the (9\.\d|10\.0) MiB that are free now are too few\. Make space, or choose another disk\.$/m,
        )
        expect(await readdir(disk.path)).toEqual([])
        await shrink()
        expect(await run(['backup', folder])).toMatchObject({ code: 0 })
        await isWhole(folder)
      },
    )

    test('files in Cloudinary are backed up, and restored into another folder of it', slow, async () => {
      const inCloud = { ...peer.env, STORAGE_DRIVER: 'cloudinary' }
      const copying = await run(['files', 'copy', '--from', 'local', '--to', 'cloudinary'], {
        ...inCloud,
        STORAGE_FALLBACK_DRIVER: 'local',
      })
      expect([copying.code, copying.stdout]).toEqual([0, expect.stringMatching(/0 failed/)])
      const originals = baselineFiles(version).files
      const keys = await storedFiles(originals)
      const folder = join(home, 'of-cloud')
      const written = await run(['backup', folder, '--json'], { ...inCloud, STORAGE_LOCAL_DIR: join(home, 'nowhere') })
      expect([written.code, JSON.parse(written.stdout)]).toMatchObject([
        0,
        { files: { count: keys.length, missingCount: 0 } },
      ])
      for (const key of keys)
        expect(await readFile(join(folder, 'files', key))).toEqual(await readFile(join(originals, key)))
      await isWhole(folder)

      const restored = await run(['restore', folder], await newCopy({ ...inCloud, CLOUDINARY_FOLDER: 'copy' }))
      expect([restored.code, restored.stdout]).toEqual([0, expect.stringMatching(/The audit chain is valid/)])
      for (const key of keys) expect(peer.files.get(`copy/${key}`)?.bytes).toEqual(await readFile(join(originals, key)))
      expect(peer.requests.filter((request) => request.includes('/raw/destroy'))).toEqual([])
    })

    test('a backup of an older schema is migrated by the release that restores it; one of a newer schema is refused', {
      timeout: 120_000,
    }, async () => {
      const { migration, cli } = await copyAsNextRelease(join(home, 'next-release'), 'tomorrow')
      const [older, newer] = [join(home, 'older'), join(home, 'newer')]
      expect(await run(['backup', older])).toMatchObject({ code: 0 })
      const copy = system.env('api', await newCopy())
      const restored = await muster(['restore', older, '--json'], copy, cli)
      expect([restored.code, restored.stderr]).toEqual([0, expect.not.stringContaining('rror')])
      expect(JSON.parse(restored.stdout)).toMatchObject({
        migrated: [expect.stringContaining(migration)],
        audit: { isValid: true },
      })
      expect((await query(copy.DATABASE_URL as string, 'select from tomorrow')).rowCount).toBe(0)

      expect(await muster(['backup', newer], copy, cli)).toMatchObject({ code: 0 })
      const refused = await run(['restore', newer], await newCopy())
      expect([refused.code, refused.stderr]).toEqual([
        1,
        expect.stringMatching(
          new RegExp(`schema of a newer release .*${migration}\\. Restore it with that release or a newer one`),
        ),
      ])
    })

    test('a database that no migration of this release has reached is not backed up: the refusal says what to do', async () => {
      const { DATABASE_URL = '' } = await newCopy()
      await query(DATABASE_URL, readBaseline(version).dump)
      const folder = join(home, 'unmigrated')
      const refused = await run(['backup', folder], { DATABASE_URL })
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/muster migrate/)])
      expect((await readdir(home)).filter((name) => name.startsWith('unmigrated'))).toEqual([])
    })
  },
)

/** Lists the keys of the stored files in a folder. */
async function storedFiles(folder: string, pattern = /^(?!\.)/): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  const keys = found
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
  return keys.filter((key) => pattern.test(key)).sort()
}

async function query(url: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await client.query(sql)
  } finally {
    await client.end()
  }
}
