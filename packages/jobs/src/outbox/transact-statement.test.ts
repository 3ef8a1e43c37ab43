import { newId } from '@muster/db'
import { eventually } from '@muster/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { optimizeImage } from '../definitions/index.ts'
import { createHarness, type Harness, someImage, takeEffect } from '../testing/harness.ts'
import { noPublisher } from './effects.ts'
import { createTransactStatement } from './transact-statement.ts'

let world: Harness
beforeEach(async () => {
  world = await createHarness()
})
afterEach(() => world.close())

const event = { action: 'a.b', actorId: null, targetType: 't', targetId: '1', after: { x: 1 } }

test('one statement commits rows, jobs and audit events together, and publishes them', async () => {
  const publisher = world.publisher()
  let isWoken = false
  const transactStatement = createTransactStatement({
    db: world.db,
    publisher: {
      ...publisher,
      wakeAuditWorker() {
        isWoken = true
      },
    },
  })
  const images = [someImage(), someImage()]
  let hasFollowed = false
  const written = await transactStatement(({ enqueue, audit, afterCommit }) => {
    for (const image of images) enqueue(optimizeImage, image)
    audit(event)
    audit({ ...event, targetId: '2' })
    afterCommit(async () => {
      hasFollowed = (await world.effects()).includes('row')
    })
    return sql`written as (insert into effects values ('row') returning 'row' as subject)`
  })
  expect({ written, isWoken, hasFollowed }).toEqual({ written: { subject: 'row' }, isWoken: true, hasFollowed: true })
  expect(await world.db.selectFrom('audit_pending').select(['target_id', 'after']).orderBy('id').execute()).toEqual([
    { target_id: '1', after: { x: 1 } },
    { target_id: '2', after: { x: 1 } },
  ])
  world.worker(takeEffect)
  const subjects = images.map(({ attachmentId }) => attachmentId)
  await eventually(async () => expect(await world.effects()).toEqual([...subjects, 'row'].sort()))
})

test('a statement that writes nothing adds no job and no audit event, and nothing follows it', async () => {
  const followed: string[] = []
  const transactStatement = createTransactStatement({
    db: world.db,
    publisher: {
      nudge: () => followed.push('nudge'),
      wakeAuditWorker: () => followed.push('wake'),
      signal: () => followed.push('signal'),
    },
  })
  const written = await transactStatement(({ enqueue, audit, signal, afterCommit }) => {
    enqueue(optimizeImage, someImage())
    audit(event)
    signal({ room: `user:${newId()}`, event: 'notification' })
    afterCommit(async () => {
      followed.push('afterCommit')
    })
    return sql`written as (insert into effects select 'row' where false returning 1)`
  })
  expect(written).toBeUndefined()
  expect(followed).toEqual([])
  expect(await world.db.selectFrom('audit_pending').selectAll().execute()).toEqual([])
  expect(await world.db.selectFrom('outbox').selectAll().execute()).toEqual([])
})

test('a payload that the job refuses prevents the statement', async () => {
  const transactStatement = createTransactStatement({ db: world.db, publisher: noPublisher })
  const writing = transactStatement(({ enqueue }) => {
    enqueue(optimizeImage, { attachmentId: 'no uuid' })
    return sql`written as (insert into effects values ('row') returning 'row' as subject)`
  })
  await expect(writing).rejects.toThrow('attachmentId')
  expect(await world.effects()).toEqual([])
})
