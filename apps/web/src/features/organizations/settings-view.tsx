import type { Organization, User } from '@muster/client'
import { formatInstant } from '../../lib/dates.ts'
import { m } from '../../paraglide/messages.js'
import { Card } from '../../ui/card.tsx'
import { LeaveCard } from './leave-card.tsx'
import { NameForm } from './name-form.tsx'
import { requiredFactorText } from './required-factor.ts'
import { RequiredFactorForm } from './required-factor-form.tsx'

type Props = { user: User; organization: Organization }

/** What holds for the whole organization: administrators change it, all others read it. Everybody can leave. */
export function SettingsView({ user, organization }: Props) {
  const isAdmin = user.role === 'client_admin'
  return (
    <div className="flex flex-col gap-6">
      <Card
        title={m.organizations_name()}
        description={m.organizations_since({
          date: formatInstant(organization.createdAt, { timeZone: user.timezone, dateStyle: 'long' }),
        })}
      >
        {isAdmin ? (
          <NameForm organization={organization} />
        ) : (
          <p className="font-medium break-words">
            <bdi>{organization.name}</bdi>
          </p>
        )}
      </Card>
      <Card title={m.organizations_factor()} description={m.organizations_factor_text()}>
        {isAdmin ? (
          <RequiredFactorForm {...{ user, organization }} />
        ) : (
          <p>{requiredFactorText(organization.twoFactorMethod)}</p>
        )}
      </Card>
      <LeaveCard {...{ user, organization }} />
    </div>
  )
}
