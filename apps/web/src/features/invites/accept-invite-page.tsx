import { type AuthConfig, type Invitation, MusterError, type User } from '@muster/client'
import { Link, useNavigate } from '@tanstack/react-router'
import { Eye, MailX, Unlink } from 'lucide-react'
import { type ReactNode, startTransition, useActionState, useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { regionalLanguage } from '../../lib/regional-language.ts'
import { useSession } from '../../lib/session.ts'
import { m } from '../../paraglide/messages.js'
import { Avatar } from '../../ui/avatar.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Notice } from '../../ui/notice.tsx'
import { RequestId } from '../../ui/request-id.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { toast } from '../../ui/toast.tsx'
import { clockOf, useCountdown } from '../../ui/use-countdown.ts'
import { AccountForm, ownTimeZone } from '../registration/account-form.tsx'
import { AccountFormSkeleton } from '../registration/account-form-skeleton.tsx'
import { PublicCard } from '../shell/public-frame.tsx'
import { useAuthConfig } from '../sign-in/auth-config.ts'
import { GoogleButton, OrDivider } from '../sign-in/google-button.tsx'
import { mailedToken } from '../sign-in/mailed-token.ts'
import { typedEmail } from '../sign-in/typed-email.ts'
import { invitationOf } from './invitation.ts'
import { consequencesOf, roleName } from './roles.ts'

/** Where an invitation is read and accepted: with a new account, the account that is signed in, or Google. */
export function AcceptInvitePage() {
  const [token] = useState(() => mailedToken.get('accept-invite'))
  if (token === null)
    return (
      <PublicCard icon={<Unlink />} title={m.invites_no_token_title()} text={m.invites_no_token_text()}>
        <ButtonLink to="/login" search={{}} size="lg" isWide>
          {m.invites_to_sign_in()}
        </ButtonLink>
      </PublicCard>
    )
  return <InvitationOf token={token} />
}

const isInvalid = (error: unknown) =>
  error instanceof MusterError &&
  (error.code === 'INVITE_INVALID' || error.code === 'VALIDATION_FAILED' || error.code === 'NOT_FOUND')

/** An invitation that nobody can accept any more, and what to do about it. */
function Invalid() {
  return (
    <PublicCard icon={<MailX />} title={m.invites_invalid_title()} text={m.invites_invalid_text()}>
      <ul className="mb-6 flex list-disc flex-col gap-1.5 ps-5 text-[0.9375rem] text-ink-2 marker:text-ink-3">
        <li>{m.invites_invalid_newer()}</li>
        <li>{m.invites_invalid_used()}</li>
        <li>{m.invites_invalid_ask()}</li>
      </ul>
      <ButtonLink to="/login" search={{}} variant="primary" size="lg" isWide>
        {m.invites_to_sign_in()}
      </ButtonLink>
    </PublicCard>
  )
}

function InvitationOf({ token }: { token: string }) {
  const invitation = invitationOf(token).use()
  const config = useAuthConfig()
  const session = useSession()
  const navigate = useNavigate()
  const [isRefused, setIsRefused] = useState(false)

  if (isRefused || isInvalid(invitation.error)) return <Invalid />
  const error = invitation.error ?? config.error
  if (error)
    return (
      <PublicCard title={m.invites_title()}>
        <ErrorState
          error={error}
          className="py-2"
          onRetry={() => Promise.all([invitation.refetch(), config.refetch()])}
        />
      </PublicCard>
    )
  if (!invitation.data || !config.data)
    return (
      <PublicCard title={m.invites_title()} width="md">
        <Skeleton className="mb-6 h-44" />
        <AccountFormSkeleton />
      </PublicCard>
    )
  const { data } = invitation
  const accepted = async () => {
    mailedToken.clear('accept-invite')
    toast({
      kind: 'success',
      title:
        data.organizationName === null
          ? m.invites_accepted_platform()
          : m.invites_accepted({ organization: data.organizationName }),
    })
    await navigate({ to: '/', replace: true })
  }
  const refused = (problem: unknown) => {
    if (!(problem instanceof MusterError) || problem.code !== 'INVITE_INVALID') return false
    setIsRefused(true)
    return true
  }
  const user = 'user' in session ? session.user : null
  const googleUrl = config.data.google ? muster.auth.googleUrl({ inviteToken: token }) : null
  const common = { token, invitation: data, onAccepted: accepted, onRefused: refused }
  return (
    <PublicCard title={titleOf(data)} width="md">
      <Summary invitation={data} isMove={user !== null} />
      {user ? (
        <SignedInWay {...common} user={user} />
      ) : (
        <NewAccountWay {...common} config={config.data} googleUrl={googleUrl} />
      )}
    </PublicCard>
  )
}

function titleOf({ role, organizationName: organization }: Invitation): string {
  if (organization === null) return m.invites_title_platform()
  return role === 'client_admin' ? m.invites_title_create({ organization }) : m.invites_title_join({ organization })
}

function Summary({ invitation, isMove }: { invitation: Invitation; isMove: boolean }) {
  const { invitedBy, role, email, expiresAt } = invitation
  const rows: [string, ReactNode][] = [
    [m.invites_as(), roleName(role)],
    [m.invites_for(), <bdi key="email">{email}</bdi>],
    [
      m.invites_until(),
      new Intl.DateTimeFormat(regionalLanguage(), { dateStyle: 'long', timeStyle: 'short' }).format(
        new Date(expiresAt),
      ),
    ],
  ]
  return (
    <div className="mb-7">
      <div className="flex items-center gap-3">
        <Avatar name={invitedBy.name} />
        <p className="text-ink-2">{m.invites_by({ name: invitedBy.name })}</p>
      </div>
      <dl className="mt-5 grid grid-cols-[auto_1fr] gap-x-5 gap-y-1.5 rounded-lg bg-raised px-4 py-3.5 text-[0.9375rem]">
        {rows.map(([term, value]) => (
          <div key={term} className="contents">
            <dt className="text-ink-3">{term}</dt>
            <dd className="min-w-0 font-medium break-words">{value}</dd>
          </div>
        ))}
      </dl>
      <div className="mt-5 flex gap-3 text-[0.9375rem]">
        <Eye aria-hidden="true" className="mt-0.5 size-5 shrink-0 text-accent" />
        <div>
          <h2 className="text-base">{m.invites_visible_title()}</h2>
          <ul className="mt-1.5 flex list-disc flex-col gap-1 ps-4 text-ink-2 marker:text-ink-3">
            {consequencesOf(invitation, isMove).map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </div>
      </div>
    </div>
  )
}

type WayProps = {
  token: string
  invitation: Invitation
  onAccepted: () => Promise<void>
  /** @returns whether the error ends the invitation itself */
  onRefused: (error: unknown) => boolean
}

const refusals: Partial<Record<string, () => string>> = {
  ROLE_NOT_ALLOWED: m.invites_refused_role,
  LAST_ADMIN: m.invites_refused_last_admin,
  ALREADY_EXISTS: m.invites_refused_already,
}

function SignedInWay({ token, invitation, user, onAccepted, onRefused }: WayProps & { user: User }) {
  const countdown = useCountdown()
  const [acceptError, accept, isAccepting] = useActionState(async () => {
    try {
      await muster.invites.accept({ token })
    } catch (error) {
      if (onRefused(error)) return null
      if (error instanceof MusterError && error.retryAfter !== undefined) countdown.start(error.retryAfter)
      return error
    }
    await onAccepted()
    return null
  }, null)
  const [signOutError, signOut, isSigningOut] = useActionState(
    () =>
      muster.session.signOut().then(
        () => null,
        (error: unknown) => error,
      ),
    null,
  )
  const isOther = user.email !== invitation.email
  const code = acceptError instanceof MusterError ? acceptError.code : ''
  return (
    <div className="flex flex-col gap-4">
      <div className="flex items-center gap-3 rounded-lg border border-line p-3">
        <Avatar name={user.name} url={user.avatarUrl} />
        <div className="min-w-0">
          <p className="text-sm text-ink-3">{m.invites_signed_in_as()}</p>
          <bdi className="block truncate font-medium">{user.name}</bdi>
          <bdi className="block truncate text-sm text-ink-2">{user.email}</bdi>
        </div>
      </div>
      {isOther && <Notice tone="warning">{m.invites_other_account({ email: invitation.email })}</Notice>}
      {acceptError !== null && (
        <Notice tone="danger" isAlert>
          {refusals[code]?.() ?? errorSentence(acceptError)}
          <RequestId error={acceptError} />
        </Notice>
      )}
      {signOutError !== null && (
        <Notice tone="danger" isAlert>
          {errorSentence(signOutError)}
        </Notice>
      )}
      {!isOther && (
        <Button
          variant="primary"
          size="lg"
          isWide
          isPending={isAccepting}
          isDisabled={countdown.secondsLeft > 0}
          onClick={() => startTransition(accept)}
        >
          {countdown.secondsLeft > 0 ? m.ui_again_in({ time: clockOf(countdown.secondsLeft) }) : m.invites_accept()}
        </Button>
      )}
      <Button
        variant={isOther ? 'primary' : 'ghost'}
        size={isOther ? 'lg' : 'md'}
        isWide
        isPending={isSigningOut}
        onClick={() => startTransition(signOut)}
      >
        {m.invites_sign_out()}
      </Button>
    </div>
  )
}

type NewProps = WayProps & { config: AuthConfig; googleUrl: string | null }

function NewAccountWay({ token, invitation, config, googleUrl, onAccepted, onRefused }: NewProps) {
  const signIn = () => typedEmail.set(invitation.email)
  return (
    <>
      {googleUrl !== null && (
        <>
          <GoogleButton href={googleUrl} label={m.invites_with_google()} />
          <OrDivider />
        </>
      )}
      <div className="mb-6 flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <h2 className="text-lg">{m.invites_new_account()}</h2>
        <Link to="/login" search={{ next: '/accept-invite' }} onClick={signIn} className="link text-[0.9375rem]">
          {m.invites_have_account()}
        </Link>
      </div>
      <AccountForm
        isEmailFixed
        config={config}
        defaultValues={{ name: '', username: '', email: invitation.email, password: '' }}
        submitLabel={m.invites_create_and_accept()}
        sentenceOf={({ code }) => (code === 'ALREADY_EXISTS' ? m.invites_account_exists() : undefined)}
        errorAction={
          <ButtonLink to="/login" search={{ next: '/accept-invite' }} onClick={signIn} size="sm">
            {m.sign_in_submit()}
          </ButtonLink>
        }
        onSubmit={async ({ name, username, password }) => {
          try {
            await muster.invites.accept({ token, name, username, password, timezone: ownTimeZone() })
          } catch (error) {
            if (onRefused(error)) return
            throw error
          }
          await onAccepted()
        }}
      />
    </>
  )
}
