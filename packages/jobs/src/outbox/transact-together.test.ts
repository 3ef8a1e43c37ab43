import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '@muster/db'
import { eventually } from '@muster/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { optimizeImage } from '../definitions/index.ts'
import { createHarness, type Harness, takeEffect } from '../testing/harness.ts'
import { createTransactTogether, type SharedWrite } from './transact-together.ts'

type Thing = { id: string; name: string }

/** Writes things whose names are different, and not those with the name `no`. */
const insertThings: SharedWrite<Thing, Thing & { transaction: string }> = {
  toGiven: (thing) => thing,
  columns: sql`id uuid, name text`,
  ctes: sql`written as (
    insert into things select id, name from given where name <> 'no' returning id, name, xmin::text as transaction
  )`,
}

let world: Harness
let write: (name: string, id?: string) => Promise<(Thing & { transaction: string }) | undefined>
let followed: string[]
beforeEach(async () => {
  world = await createHarness()
  await sql`create table things (id uuid primary key, name text unique check (name <> 'never'))`.execute(world.db)
  const together = createTransactTogether({ db: world.db, publisher: world.publisher() })
  followed = []
  write = (name, id = newId()) =>
    together(insertThings, { id, name }, ({ audit, enqueue, afterCommit }) => {
      audit({ action: 'thing.made', actorId: null, targetType: 'thing', targetId: name, after: { name } })
      enqueue(optimizeImage, { attachmentId: id })
      afterCommit(async () => void followed.push(name))
    })
})
afterEach(() => world.close())

const names = (count: number) => Array.from({ length: count }, (_, index) => `thing ${index}`)
const audited = async () => {
  const rows = await world.db.selectFrom('audit_pending').select(['target_id', 'after']).execute()
  expect(rows.map(({ after }) => after)).toEqual(rows.map(({ target_id }) => ({ name: target_id })))
  return rows.map(({ target_id }) => target_id).sort()
}
const outcomes = async (writes: Promise<unknown>[]) =>
  (await Promise.allSettled(writes)).map(({ status }) => status === 'fulfilled')

test('writes of one moment share transactions; each has its own result, event, job and effects', async () => {
  const all = names(150)
  const ids = all.map(() => newId())
  const rows = await Promise.all(all.map((name, index) => write(name, ids[index])))
  expect(rows.map((row) => row?.name)).toEqual(all)
  expect(rows.map((row) => row?.id)).toEqual(ids)
  expect(new Set(rows.map((row) => row?.transaction)).size).toBeLessThanOrEqual(5)
  expect(await audited()).toEqual(all.toSorted())
  expect(followed.toSorted()).toEqual(all.toSorted())
  world.worker(takeEffect)
  await eventually(async () => expect(await world.effects()).toEqual(ids.toSorted()), { timeoutMs: 30_000 })
})

test('a write that does not take place has no effects, and those beside it have theirs', async () => {
  const rows = await Promise.all(['one', 'no', 'two'].map((name) => write(name)))
  expect(rows.map((row) => row?.name)).toEqual(['one', undefined, 'two'])
  expect(await audited()).toEqual(['one', 'two'])
  expect(followed.toSorted()).toEqual(['one', 'two'])
  expect(await world.db.selectFrom('outbox').select('id').execute()).toHaveLength(2)
})

test('writes that Postgres refuses fail alone, and leave nothing behind', async () => {
  const bad = ['never', 'twice', 'not \0 text']
  const writes = [...names(20), ...bad, 'twice'].map((name) => write(name))
  const taken = await outcomes(writes)
  expect(taken.slice(0, 20)).toEqual(Array(20).fill(true))
  const [never, once, notText, again] = taken.slice(20)
  expect([never, notText, once !== again]).toEqual([false, false, true])
  expect(await audited()).toEqual([...names(20), 'twice'].sort())
})

test('a row that stays locked delays and fails no other write', async () => {
  const locked = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const holding = world.db.transaction().execute(async (trx) => {
    await sql`insert into things values (${newId()}, 'held')`.execute(trx)
    locked.resolve()
    await release.promise
    throw new Error('rolled back')
  })
  await locked.promise
  const held = write('held')
  const done: string[] = []
  void held.then(() => done.push('held'))
  await Promise.all(names(20).map((name) => write(name)))
  // Longer than a group waits for a lock.
  await sleep(200)
  expect(done).toEqual([])
  release.resolve()
  await expect(holding).rejects.toThrow('rolled back')
  expect(await held).toMatchObject({ name: 'held' })
  expect(await audited()).toHaveLength(21)
})

test('while one statement hangs, others go on', async () => {
  await sql`
    create function wait_a_while() returns trigger language plpgsql as $$
    begin perform pg_sleep(case when new.name like 'slow%' then 2 else 0 end); return new; end $$`.execute(world.db)
  await sql`create trigger wait_a_while before insert on things for each row execute function wait_a_while()`.execute(
    world.db,
  )
  const finished: string[] = []
  const note = async (name: string) => {
    await write(name)
    finished.push(name)
  }
  const slow = [note('slow 1')]
  await sleep(50)
  slow.push(note('slow 2'))
  await sleep(50)
  await Promise.all(names(5).map(note))
  expect(finished.toSorted()).toEqual(names(5))
  await Promise.all(slow)
})

test('a payload that the job refuses prevents its write', async () => {
  await expect(write('bad', 'no uuid')).rejects.toThrow('attachmentId')
  expect(await audited()).toEqual([])
})
