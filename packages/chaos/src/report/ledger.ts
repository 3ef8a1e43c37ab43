import type { Inspector } from '../system/inspector.ts'
import type { SmtpLedger } from '../system/smtp-ledger.ts'
import type { LedgerRecord } from './record.ts'

/** Keeps what the API acknowledged, in order to compare it with the effects at the end. */
export type Ledger = {
  /** Notes an answer of the API: tasks that were created, and registrations that a mail is owed to. */
  note(answer: Answer): void
  /** Compares what was acknowledged with the audit log and the mail server. */
  settle(sources: { inspector: Inspector; smtp: SmtpLedger }): Promise<LedgerRecord[]>
}

export type Answer = { method: string; path: string; status: number; body: unknown; sent?: unknown }

type Outcome = Pick<LedgerRecord, 'done' | 'waiting' | 'lost' | 'repeated'>

export function createLedger(): Ledger {
  const tasks = new Set<string>()
  const addresses = new Set<string>()
  return {
    note({ method, path, status, body, sent }) {
      if (method !== 'POST') return
      const taskId = idIn(body)
      if (path === '/tasks' && status === 201 && taskId) tasks.add(taskId)
      const { email } = (sent ?? {}) as { email?: unknown }
      if (path === '/auth/register' && status === 202 && typeof email === 'string') addresses.add(email)
    },
    async settle({ inspector, smtp }) {
      const records = [
        { effect: 'task in the audit log', acknowledged: tasks.size, ...(await settleTasks([...tasks], inspector)) },
        {
          effect: 'mail with a code',
          acknowledged: addresses.size,
          ...(await settleMails([...addresses], inspector, smtp)),
        },
      ]
      return records.filter(({ acknowledged }) => acknowledged > 0)
    },
  }
}

const idIn = (body: unknown): string | undefined => (body as { data?: { task?: { id?: string } } }).data?.task?.id

async function settleTasks(ids: readonly string[], { query }: Inspector): Promise<Outcome> {
  const rows = await query<{ target_id: string; done: number; waiting: number }>(
    `select target_id, count(*) filter (where is_chained)::int as done, count(*) filter (where not is_chained)::int as waiting
     from (select target_id, true as is_chained from audit_events where action = 'task.created' and target_id = any($1)
       union all select target_id, false from audit_pending where action = 'task.created' and target_id = any($1)) events
     group by 1`,
    [ids],
  )
  const found = new Map(rows.map((row) => [row.target_id, row]))
  return sum(
    ids.map((id) => {
      const { done = 0, waiting = 0 } = found.get(id) ?? {}
      return { done: Math.min(done, 1), waiting: done > 0 ? 0 : waiting, repeated: Math.max(0, done + waiting - 1) }
    }),
  )
}

async function settleMails(addresses: readonly string[], { query }: Inspector, smtp: SmtpLedger): Promise<Outcome> {
  const rows = await query<{ to_address: string }>(
    'select distinct to_address from email_messages where to_address = any($1)',
    [addresses],
  )
  const recorded = new Set(rows.map((row) => row.to_address))
  return sum(
    addresses.map((address) => {
      const messageIds = smtp.mailsTo(address).map(({ messageId }) => messageId)
      const isDone = messageIds.length > 0
      return {
        done: Number(isDone),
        waiting: Number(!isDone && recorded.has(address)),
        // With the same Message-ID: two mails of two requests are no repetition.
        repeated: messageIds.length - new Set(messageIds).size,
      }
    }),
  )
}

function sum(outcomes: readonly Omit<Outcome, 'lost'>[]): Outcome {
  const total = { done: 0, waiting: 0, lost: 0, repeated: 0 }
  for (const { done, waiting, repeated } of outcomes) {
    total.done += done
    total.waiting += waiting
    total.lost += done + waiting === 0 ? 1 : 0
    total.repeated += repeated
  }
  return total
}
