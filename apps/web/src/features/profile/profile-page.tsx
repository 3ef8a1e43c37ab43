import type { AuthConfig, User } from '@muster/client'
import { useMemo } from 'react'
import { muster } from '../../lib/muster.ts'
import { z } from '../../lib/zod.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Field, TextArea, TextInput } from '../../ui/field.tsx'
import { Form, FormError, SubmitButton, useMusterForm } from '../../ui/form.tsx'
import { Select } from '../../ui/select.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { toast } from '../../ui/toast.tsx'
import { useAuthConfig } from '../sign-in/auth-config.ts'
import { AvatarCard } from './avatar-card.tsx'

/** Lets somebody change their picture, name, username, bio and time zone. */
export function ProfilePage({ user }: { user: User }) {
  const config = useAuthConfig()
  return (
    <>
      <AvatarCard user={user} />
      <Card title={m.profile_details()}>
        {config.data ? (
          <ProfileForm user={user} config={config.data} />
        ) : config.error ? (
          <ErrorState error={config.error} onRetry={config.refetch} />
        ) : (
          <Skeleton className="h-[31rem]" />
        )}
      </Card>
    </>
  )
}

/** Lists the time zones of the browser, and the person's own, whose present name the browser may not know. */
function zonesWith(own: string) {
  const names = new Set([...Intl.supportedValuesOf('timeZone'), 'UTC', own])
  return [...names].toSorted().map((value) => ({ value, label: value.replaceAll('_', ' ') }))
}

function ProfileForm({ user, config }: { user: User; config: AuthConfig }) {
  const schema = useMemo(
    () =>
      z.object({
        name: z.string().check(z.trim(), z.minLength(config.name.min), z.maxLength(config.name.max)),
        username: z.string().check(
          z.trim(),
          z.minLength(config.username.length.min),
          z.maxLength(config.username.length.max),
          z.refine((username) => new RegExp(config.username.pattern).test(username), {
            error: () => m.faults_invalid_format(),
          }),
        ),
        bio: z.string().check(z.maxLength(config.bio.max)),
        timezone: z.string(),
      }),
    [config],
  )
  const form = useMusterForm(schema, {
    defaultValues: { name: user.name, username: user.username, bio: user.bio ?? '', timezone: user.timezone },
    async onSubmit({ name, username, bio, timezone }) {
      const saved = await muster.users.updateMe({ name, username, bio: bio.trim() === '' ? null : bio, timezone })
      form.reset({ name: saved.name, username: saved.username, bio: saved.bio ?? '', timezone: saved.timezone })
      toast({ kind: 'success', title: m.profile_saved() })
    },
  })
  const timezone = form.control('timezone')
  const zones = useMemo(() => zonesWith(user.timezone), [user.timezone])
  const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone
  return (
    <Form form={form}>
      <Field label={m.profile_name()} hint={m.profile_name_hint()} error={form.errorOf('name')}>
        <TextInput {...form.register('name')} autoComplete="name" />
      </Field>
      <Field label={m.profile_username()} hint={m.profile_username_hint()} error={form.errorOf('username')}>
        <TextInput {...form.register('username')} autoComplete="username" autoCapitalize="none" spellCheck={false} />
      </Field>
      <Field label={m.profile_bio()} hint={m.profile_bio_hint()} error={form.errorOf('bio')}>
        <TextArea {...form.register('bio')} />
      </Field>
      <Field
        label={m.profile_timezone()}
        hint={m.profile_timezone_hint()}
        error={form.errorOf('timezone')}
        labelAction={
          timezone.value !== ownZone && (
            <Button size="sm" variant="ghost" onClick={() => timezone.onChange(ownZone)}>
              {m.profile_timezone_own()}
            </Button>
          )
        }
      >
        <Select items={zones} value={timezone.value} onChange={timezone.onChange} />
      </Field>
      <FormError form={form} />
      <div className="flex justify-end">
        <SubmitButton form={form}>{m.profile_save()}</SubmitButton>
      </div>
    </Form>
  )
}
