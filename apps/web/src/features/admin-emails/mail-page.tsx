import type { EmailAttempt, EmailDetail, User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { ArrowLeft, RotateCw, Send } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { operator } from '../../lib/operator.ts'
import { queryClient } from '../../lib/query.ts'
import { m } from '../../paraglide/messages.js'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Notice } from '../../ui/notice.tsx'
import { toast } from '../../ui/toast.tsx'
import { Facts } from '../admin/facts.tsx'
import { Moment } from '../admin/moment.tsx'
import { OpsPage } from '../admin/ops-page.tsx'
import { ReasonDialog } from '../admin/reason-dialog.tsx'
import { may } from '../admin/rights.ts'
import { RequestLink } from '../request-trace/request-link.tsx'
import { outcomeLabels, outcomeTones, statusLabels, statusTones, verdictSentence } from './labels.ts'
import { mailQuery } from './queries.ts'
import { LiftButton } from './suppression-list.tsx'

/** One mail: what became of it, and why. */
export function MailPage({ emailId, user }: { emailId: string; user: User }) {
  const mail = useQuery(mailQuery(emailId))
  if (mail.data) return <MailDetail key={emailId} mail={mail.data} user={user} onRefresh={() => void mail.refetch()} />
  return (
    <OpsPage title={m.ops_mails_mail()} width="narrow" isLoading={!mail.error}>
      {mail.error && (
        <ErrorState
          error={mail.error}
          onRetry={mail.refetch}
          action={<ButtonLink to="/ops/mails">{m.ops_mails_to_list()}</ButtonLink>}
        />
      )}
    </OpsPage>
  )
}

type DetailProps = { mail: EmailDetail; user: User; onRefresh: () => void }

function MailDetail({ mail, user, onRefresh }: DetailProps) {
  const { timezone: timeZone } = user
  const lastVerdict = mail.attemptLog.findLast(({ verdict }) => verdict !== null)?.verdict ?? null
  const isUnsent = mail.status !== 'sent' && mail.status !== 'dropped'
  const hasFailed = mail.status === 'failed'
  const why = lastVerdict ? verdictSentence(lastVerdict) : mail.error
  return (
    <OpsPage
      width="narrow"
      title={m.ops_mails_mail()}
      description={
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <code>{mail.template}</code>
          <bdi className="min-w-0 break-words">{mail.to === 'erased' ? m.ops_mails_erased() : mail.to}</bdi>
          <Badge tone={statusTones[mail.status]}>{statusLabels[mail.status]()}</Badge>
        </span>
      }
      actions={
        <>
          <ButtonLink
            to="/ops/mails"
            variant="ghost"
            icon={<ArrowLeft aria-hidden="true" className="rtl:-scale-x-100" />}
          >
            {m.ops_mails_to_list()}
          </ButtonLink>
          <Button icon={<RotateCw aria-hidden="true" />} onClick={onRefresh}>
            {m.ops_mails_refresh()}
          </Button>
          {may(user.role, 'email.resend') && whyNotResend(mail) === null && <ResendButton mail={mail} />}
        </>
      }
    >
      <div className="flex flex-col gap-5">
        {isUnsent && (why || hasFailed) && (
          <Notice
            tone={hasFailed ? 'danger' : 'warning'}
            title={hasFailed ? m.ops_mails_why() : m.ops_mails_why_not_yet()}
          >
            {why && <p className="break-words">{why}</p>}
            {hasFailed && <p>{whyNotResend(mail) ?? m.ops_mails_resend_wanted()}</p>}
            {hasFailed && mail.template === 'invite' && (
              <Link to="/ops/invites" search={{ q: mail.to, status: 'all' }} className="link">
                {m.ops_mails_show_invite()}
              </Link>
            )}
          </Notice>
        )}
        {mail.suppression && (
          <Notice
            tone="warning"
            title={m.ops_mails_is_suppressed()}
            action={may(user.role, 'email.unsuppress') && <LiftButton suppression={mail.suppression} />}
          >
            <bdi className="break-words">{mail.suppression.smtpAnswer ?? mail.suppression.reason}</bdi>{' '}
            <Moment at={mail.suppression.createdAt} timeZone={timeZone} />
          </Notice>
        )}
        <Card title={m.ops_mails_timeline()}>
          <TimeLine mail={mail} timeZone={timeZone} />
        </Card>
        <Card title={m.ops_mails_facts()}>
          <MailFacts mail={mail} timeZone={timeZone} />
        </Card>
      </div>
    </OpsPage>
  )
}

function TimeLine({ mail, timeZone }: { mail: EmailDetail; timeZone: string }) {
  const { status, attemptLog, nextAttemptAt, createdAt, expiresAt } = mail
  const waits = status === 'queued'
  return (
    <ol className="flex flex-col">
      <Step title={m.ops_mails_step_written()} at={createdAt} timeZone={timeZone}>
        <RequestLink requestId={mail.requestId} />
      </Step>
      {attemptLog.map((attempt) => (
        <Attempt key={attempt.number} attempt={attempt} timeZone={timeZone} />
      ))}
      {waits && (
        <Step
          tone="accent"
          badge={statusLabels.queued()}
          title={nextAttemptAt ? m.ops_mails_step_next() : m.ops_mails_step_waiting()}
          at={nextAttemptAt}
          timeZone={timeZone}
        />
      )}
      {waits && expiresAt && <Step title={m.ops_mails_step_expires()} at={expiresAt} timeZone={timeZone} />}
    </ol>
  )
}

function Attempt({ attempt, timeZone }: { attempt: EmailAttempt; timeZone: string }) {
  const { number, outcome, verdict, smtpAnswer, reason, startedAt, endedAt } = attempt
  const seconds = startedAt && endedAt ? (Date.parse(endedAt) - Date.parse(startedAt)) / 1_000 : null
  return (
    <Step
      tone={outcomeTones[outcome]}
      badge={outcomeLabels[outcome]()}
      title={m.ops_mails_step_attempt({ number })}
      at={endedAt ?? startedAt}
      timeZone={timeZone}
    >
      {outcome === 'unknown' && <p className="text-ink-3">{m.ops_mails_unknown_text()}</p>}
      {verdict && <p>{verdictSentence(verdict)}</p>}
      {smtpAnswer !== null && (
        <p className="mt-1 rounded-md bg-raised px-3 py-2 font-mono text-sm break-words">
          <bdi>{smtpAnswer}</bdi>
        </p>
      )}
      {reason !== null && (
        <p className="mt-1 text-ink-2">
          <bdi>{reason}</bdi>
        </p>
      )}
      {seconds !== null && seconds >= 1 && (
        <p className="mt-1 text-sm text-ink-3">{m.ops_mails_took({ seconds: Math.round(seconds) })}</p>
      )}
    </Step>
  )
}

type StepProps = {
  title: string
  at: string | null
  timeZone: string
  tone?: Tone
  badge?: string
  children?: ReactNode
}

function Step({ title, at, timeZone, tone = 'neutral', badge, children }: StepProps) {
  return (
    <li className="relative border-s-2 border-line ps-5 pb-5 last:pb-0">
      <span aria-hidden="true" className="absolute -start-[0.4375rem] top-1.5 size-3 rounded-full bg-control" />
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="font-medium">{title}</span>
        {badge !== undefined && <Badge tone={tone}>{badge}</Badge>}
        {at !== null && (
          <span className="text-sm text-ink-3">
            <Moment at={at} timeZone={timeZone} />
          </span>
        )}
      </p>
      {children !== undefined && <div className="mt-1">{children}</div>}
    </li>
  )
}

function MailFacts({ mail, timeZone }: { mail: EmailDetail; timeZone: string }) {
  const { id, user, smtpId, error, sentAt, expiresAt, resentFrom, resentAs } = mail
  return (
    <>
      <Facts
        rows={[
          [m.ops_mails_id(), <code className="break-all">{id}</code>],
          [
            m.ops_mails_user(),
            user ? (
              <Link to="/ops/people/$userId" params={{ userId: user.id }} className="link">
                <bdi>{user.name}</bdi>
              </Link>
            ) : (
              m.ops_mails_no_user()
            ),
          ],
          [
            m.ops_mails_resent_from(),
            resentFrom && (
              <Link to="/ops/mails/$emailId" params={{ emailId: resentFrom }} className="link">
                {m.ops_mails_first_mail()}
              </Link>
            ),
          ],
          [
            m.ops_mails_resent_as(),
            resentAs.length > 0 ? (
              <ul>
                {resentAs.map((again) => (
                  <li key={again.id} className="flex flex-wrap items-center gap-x-3 gap-y-1">
                    <Link to="/ops/mails/$emailId" params={{ emailId: again.id }} className="link">
                      <Moment at={again.createdAt} timeZone={timeZone} />
                    </Link>
                    <Badge tone={statusTones[again.status]}>{statusLabels[again.status]()}</Badge>
                  </li>
                ))}
              </ul>
            ) : null,
          ],
          [m.ops_mails_smtp_id(), smtpId && <code className="break-all">{smtpId}</code>],
          [m.ops_mails_last_answer(), error && <bdi>{error}</bdi>],
          [m.ops_mails_sent_at(), sentAt && <Moment at={sentAt} timeZone={timeZone} />],
          [m.ops_mails_expires_at(), expiresAt && <Moment at={expiresAt} timeZone={timeZone} />],
          [m.ops_mails_resend(), whyNotResend(mail) ?? m.ops_mails_resend_possible()],
        ]}
      />
      <p className="mt-4">
        <Link to="/ops/audit" search={{ targetType: 'email', targetId: id }} className="link">
          {m.ops_mails_audit_trail()}
        </Link>
      </p>
    </>
  )
}

/** Says why a mail cannot be sent again; null when it can. */
function whyNotResend({ canResend, suppression, status, to, template }: EmailDetail): string | null {
  if (!canResend) return template === 'invite' ? m.ops_mails_resend_invite() : m.ops_mails_resend_secret()
  if (to === 'erased') return m.ops_mails_resend_erased()
  if (suppression) return m.ops_mails_resend_suppressed()
  return status === 'queued' || status === 'sending' ? m.ops_mails_resend_waiting() : null
}

function ResendButton({ mail: { id, to, template } }: { mail: EmailDetail }) {
  const [isAsking, setIsAsking] = useState(false)
  const navigate = useNavigate()
  return (
    <>
      <Button variant="primary" icon={<Send aria-hidden="true" />} onClick={() => setIsAsking(true)}>
        {m.ops_mails_resend()}
      </Button>
      {isAsking && (
        <ReasonDialog
          title={m.ops_mails_resend_title()}
          submitLabel={m.ops_mails_resend()}
          onClose={() => setIsAsking(false)}
          onSubmit={async (note) => {
            const sent = await operator.admin.resendEmail(id, { note })
            toast({ kind: 'success', title: m.ops_mails_resent() })
            await queryClient.invalidateQueries({ queryKey: ['admin-emails'] })
            await navigate({ to: '/ops/mails/$emailId', params: { emailId: sent.id } })
          }}
        >
          <p className="break-words">{m.ops_mails_resend_text({ template, address: to })}</p>
        </ReasonDialog>
      )}
    </>
  )
}
