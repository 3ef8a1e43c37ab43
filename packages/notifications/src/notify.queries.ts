import { currentCause } from '@muster/cause'
import type { Trx } from '@muster/db'
import { notificationTypes, wantsChannelSql } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'
import type { Notification } from './notify.ts'

const minuteMs = 60_000
const repetitionMs = 10 * minuteMs
const hourMs = 60 * minuteMs
const maxPerHour = 60
/** The types that the hourly limit counts. Of each chat there is one notification at most that is not read. */
const cappedTypes = notificationTypes.filter((type) => type !== 'security' && type !== 'chat')

/** Serializes writes to the same users. Several users are locked in one order, which prevents deadlocks. */
export async function lockRecipients(trx: Trx, userIds: string[]): Promise<void> {
  await sql`
    select pg_advisory_xact_lock(key) from (
      select distinct hashtextextended('notify:' || id, 0) as key from unnest(${userIds}::text[]) id order by key
    ) keys`.execute(trx)
}

type NewNotification = Notification & { id: string }
type Outcome = {
  isWritten: boolean
  /** Whether it was written or counted by a summary. */
  hasEffect: boolean
  wantsInApp: boolean
  wantsEmail: boolean
}

/**
 * Inserts the notifications that their recipients want, that do not repeat the newest one about their subject and
 * are within the hourly limit, and one summary of those above it. The caller must lock the recipients in an earlier statement, so that this one sees the rows of others.
 * @returns the outcomes in the order of `rows`
 */
export async function writeNotifications(trx: Trx, rows: NewNotification[], now: Date): Promise<Outcome[]> {
  const lately = new Date(now.getTime() - repetitionMs)
  const hourAgo = new Date(now.getTime() - hourMs)
  const requestId = currentCause()?.requestId ?? null
  const { rows: outcomes } = await sql<Outcome>`
    with given as (${givenRows(rows)}),
    judged as (
      select given.*,
        ${wantsChannelSql('inApp', chosenBy)} as wants_in_app, ${wantsChannelSql('email', chosenBy)} as wants_email,
        coalesce(lag(wording) over (partition by given.user_id, subject order by place), (
          select (array_agg(${wordingOf('n')} order by n.created_at desc, n.id desc))[1] from notifications n
          where n.user_id = given.user_id and n.type = any(${[...notificationTypes]}::text[]) and n.created_at > ${lately}
            and n.summarized is null and ${subjectOf('n')} = subject
        )) = wording as is_repeated
      from given
      cross join lateral (select ${subjectOf('given')} as subject, ${wordingOf('given')} as wording) as told
      left join user_preferences preferences on preferences.user_id = given.user_id
    ),
    counted as (
      select judged.*, type <> 'security' and ${maxPerHour} < row_number() over (
        partition by user_id, type = 'security' order by place
      ) + (
        select count(*) from notifications n
        where n.user_id = judged.user_id and n.type = any(${cappedTypes}::text[]) and n.created_at > ${hourAgo}
          and n.summarized is null
      ) as is_too_many
      from judged where wants_in_app and is_repeated is not true
    ),
    written as (
      insert into notifications (id, user_id, type, title, message, task_id, data, created_at, request_id)
      select id, user_id, type, title, message, task_id, data, ${now}, ${requestId} from counted where not is_too_many
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
    select written.id is not null as "isWritten", counted.id is not null as "hasEffect",
      judged.wants_in_app as "wantsInApp", judged.wants_email as "wantsEmail"
    from judged left join counted using (id) left join written using (id) order by judged.place`.execute(trx)
  return outcomes
}

/** Builds a list of values instead of arrays: Postgres cannot estimate the length of arrays and would plan the statement each time. */
const givenRows = (rows: NewNotification[]) => sql`
  select * from (values ${sql.join(rows.map(givenRow))})
  as given (id, user_id, type, title, message, task_id, data, place)`

const givenRow = ({ id, userId, type, title, message, taskId, data }: NewNotification, place: number) => sql`(
  ${id}::uuid, ${userId}::uuid, ${type}::text, ${title}::text, ${message}::text, ${taskId ?? null}::uuid,
  ${JSON.stringify(data ?? {})}::jsonb, ${place}::integer)`

/** Builds what a notification is about: its task, also one without a link; else the user who caused it; else everything of its type. */
const subjectOf = (row: 'n' | 'given') => {
  const [type, taskId, data] = [sql.ref(`${row}.type`), sql.ref(`${row}.task_id`), sql.ref(`${row}.data`)]
  return sql`coalesce(${taskId}::text, ${data} ->> 'taskId', ${data} ->> 'userId', ${type})`
}

const wordingOf = (row: 'n' | 'given') =>
  sql`jsonb_build_array(${sql.ref(`${row}.type`)}, ${sql.ref(`${row}.title`)}, ${sql.ref(`${row}.message`)})`

const chosenBy = { settings: sql`preferences.settings`, type: sql`given.type` }

const summaryOf = (count: RawBuilder<unknown>) => sql`
  case ${count} when 1 then '1 more notification came' else ${count} || ' more notifications came' end
    || ' than are shown one by one within an hour.'`
