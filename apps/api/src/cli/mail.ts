import { systemClock } from '@muster/db'
import { createTransact, noPublisher } from '@muster/jobs/outbox'
import { counted } from '@muster/text'
import type { Deps } from '../deps.ts'
import { primaryReads, type Reads } from '../http/reads/reads.ts'
import {
  type AdminEmail,
  emailParams,
  emailQuery,
  suppressionAddress,
  suppressionQuery,
} from '../modules/admin/admin-emails.schema.ts'
import * as emails from '../modules/admin/admin-emails.service.ts'
import * as suppressions from '../modules/admin/email-suppressions.service.ts'
import { commandLine } from '../modules/admin/principal.ts'
import { type Result, table } from './command.ts'
import { checked, readDatabase, withDb } from './environment.ts'

type Options = Readonly<Record<string, string | undefined>>

/** Lists a page of mails, the newest first. @throws Error for an invalid option */
export function listMails(options: Options): Promise<Result> {
  const query = checked(emailQuery, options)
  return withMails(async (deps) => {
    const { emails: found, pagination } = await emails.listEmails(deps, commandLine, query)
    const rows = found.map(({ id, template, to, status, createdAt, error }) => [
      id,
      createdAt,
      template,
      status,
      to,
      error ?? '',
    ])
    return {
      data: { emails: found, pagination },
      lines: [
        ...table(['mail', 'ordered', 'template', 'status', 'to', 'last error'], rows),
        ...(pagination.nextCursor ? [`further: --cursor ${pagination.nextCursor}`] : []),
      ],
    }
  })
}

/** Shows one mail, and whether its address is suppressed. @throws Error for an invalid id, DomainError NOT_FOUND */
export function showMail(mail: string): Promise<Result> {
  const { id } = checked(emailParams, { id: mail })
  return withMails(async (deps) => {
    const { user: _user, attemptLog, suppression, ...email } = await emails.readEmail(deps, commandLine, id)
    const attempts = attemptLog.map(({ number, endedAt, outcome, smtpAnswer, reason }) => [
      ...[String(number), endedAt ?? '', outcome, smtpAnswer ?? '', reason ?? ''],
    ])
    return {
      data: { email: { ...email, attemptLog }, suppression },
      lines: [
        ...linesOf(email),
        ...(attempts.length > 0
          ? table(['attempt', 'ended', 'outcome', 'the mail server said', 'reason'], attempts)
          : []),
        ...(suppression
          ? [`${'suppressed'.padEnd(labelWidth)}${suppression.createdAt}  ${answerOf(suppression)}`]
          : []),
      ],
    }
  })
}

/** Resends a mail. @throws Error for an invalid id, DomainError as {@link emails.resendEmail} */
export function resendMail(mail: string): Promise<Result> {
  const { id } = checked(emailParams, { id: mail })
  return withMails(async (deps) => {
    const email = await emails.resendEmail(deps, commandLine, id)
    return { data: { email }, lines: [`The mail was enqueued again as ${email.id}.`] }
  })
}

/** Lists a page of suppressed addresses. @throws Error for an invalid option */
export function listSuppressed(options: Options): Promise<Result> {
  const query = checked(suppressionQuery, options)
  return withMails(async (deps) => {
    const { suppressions: found, pagination } = await suppressions.listSuppressions(deps, commandLine, query)
    const { page, totalPages, total } = pagination
    const rows = found.map((suppression) => [
      suppression.address,
      suppression.createdAt,
      suppression.emailId ?? '',
      answerOf(suppression),
    ])
    return {
      data: { suppressions: found, pagination },
      lines: [
        ...table(['address', 'since', 'mail', 'the mail server said'], rows),
        '',
        `page ${page} of ${totalPages}, ${counted(total, 'address', 'addresses')}`,
      ],
    }
  })
}

/** Lifts the suppression of an address. @throws Error for an invalid address, DomainError NOT_FOUND */
export function liftSuppressed(address: string): Promise<Result> {
  const ref = checked(suppressionAddress, { address })
  return withMails(async (deps) => {
    const suppression = await suppressions.liftSuppression(deps, commandLine, ref)
    return {
      data: { suppression },
      lines: [`Mail goes to ${suppression.address} again. What failed meanwhile: mail list --status failed --to …`],
    }
  })
}

const labelWidth = 14

const linesOf = (email: AdminEmail): string[] =>
  Object.entries(email).map(([name, value]) => `${name.padEnd(labelWidth)}${value === null ? '–' : String(value)}`)

const answerOf = ({ smtpAnswer, reason }: { smtpAnswer: string | null; reason: string }) => smtpAnswer ?? reason

type MailDeps = Pick<Deps, 'db' | 'transact' | 'clock'> & { reads: Reads }

const withMails = <T>(use: (deps: MailDeps) => Promise<T>): Promise<T> =>
  withDb(readDatabase(), (db) =>
    use({ db, reads: primaryReads(db), clock: systemClock, transact: createTransact({ db, publisher: noPublisher }) }),
  )
