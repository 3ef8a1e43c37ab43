import type { Trx } from '@muster/db'
import { notificationTypes, wantsChannelSql } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'
import type { Notification } from './notify.ts'

const minuteMs = 60_000
const repetitionMs = 10 * minuteMs
const hourMs = 60 * minuteMs
const maxPerHour = 60
/** The types of which there can be too many. */
const cappedTypes = notificationTypes.filter((type) => type !== 'security')

/** One after another writes to the same person, whoever does; many are locked in one order, so none wait in a circle. */
export async function lockPeople(trx: Trx, userIds: string[]): Promise<void> {
  await sql`
    select pg_advisory_xact_lock(key) from (
      select distinct hashtextextended('notify:' || id, 0) as key from unnest(${userIds}::text[]) id order by key
    ) keys`.execute(trx)
}

type NewNotification = Notification & { id: string }
type Fate = { isWritten: boolean; wantsInApp: boolean; wantsEmail: boolean }

/**
 * Writes what is wanted, neither repeats nor is too much, and one summary for what is too much. The caller has locked
 * the people in a statement of its own, so that this one sees what others wrote before.
 * @returns in the order of `rows`
 */
export async function writeNotifications(trx: Trx, rows: NewNotification[], now: Date): Promise<Fate[]> {
  const lately = new Date(now.getTime() - repetitionMs)
  const hourAgo = new Date(now.getTime() - hourMs)
  const { rows: fates } = await sql<Fate>`
    with given as (${givenRows(rows)}),
    judged as (
      select given.*,
        ${wantsChannelSql('inApp', chosenBy)} as wants_in_app, ${wantsChannelSql('email', chosenBy)} as wants_email,
        row_number() over (partition by given.user_id, type, title, message, task_id order by place) > 1 or exists (
          select from notifications n
          where n.user_id = given.user_id and n.type = given.type and n.created_at > ${lately} and n.summarized is null
            and n.title = given.title and n.message = given.message and n.task_id is not distinct from given.task_id
        ) as is_repeated
      from given left join user_preferences preferences on preferences.user_id = given.user_id
    ),
    counted as (
      select judged.*, type <> 'security' and ${maxPerHour} < row_number() over (
        partition by user_id, type = 'security' order by place
      ) + (
        select count(*) from notifications n
        where n.user_id = judged.user_id and n.type = any(${cappedTypes}::text[]) and n.created_at > ${hourAgo}
          and n.summarized is null
      ) as is_too_many
      from judged where wants_in_app and not is_repeated
    ),
    written as (
      insert into notifications (id, user_id, type, title, message, task_id, data, created_at)
      select id, user_id, type, title, message, task_id, data, ${now} from counted where not is_too_many
      returning id
    ),
    too_many as (
      select user_id, count(*)::integer as more, (array_agg(id order by place))[1] as id
      from counted where is_too_many group by user_id
    ),
    raised as (
      update notifications n
      set summarized = n.summarized + more, message = ${summaryOf(sql`n.summarized + more`)}, is_read = false
      from too_many
      where n.user_id = too_many.user_id and n.type = 'general' and n.created_at > ${hourAgo} and n.summarized > 0
      returning n.user_id
    ),
    begun as (
      insert into notifications (id, user_id, type, title, message, summarized, created_at)
      select id, user_id, 'general', 'More notifications', ${summaryOf(sql`more`)}, more, ${now}
      from too_many where user_id not in (select user_id from raised)
    )
    select written.id is not null as "isWritten", wants_in_app as "wantsInApp", wants_email as "wantsEmail"
    from judged left join written using (id) order by place`.execute(trx)
  return fates
}

/** A list and no arrays: of those Postgres can't tell how many they hold, and would plan the statement anew each time. */
const givenRows = (rows: NewNotification[]) => sql`
  select * from (values ${sql.join(rows.map(givenRow))})
  as given (id, user_id, type, title, message, task_id, data, place)`

const givenRow = ({ id, userId, type, title, message, taskId, data }: NewNotification, place: number) => sql`(
  ${id}::uuid, ${userId}::uuid, ${type}::text, ${title}::text, ${message}::text, ${taskId ?? null}::uuid,
  ${JSON.stringify(data ?? {})}::jsonb, ${place}::integer)`

const chosenBy = { settings: sql`preferences.settings`, type: sql`given.type` }

const summaryOf = (count: RawBuilder<unknown>) => sql`
  case ${count} when 1 then '1 more notification came' else ${count} || ' more notifications came' end
    || ' than are shown one by one within an hour.'`
