import { type InvitedRole, MusterError, type User } from '@muster/client'
import { useMemo } from 'react'
import { muster } from '../../lib/muster.ts'
import { queryClient } from '../../lib/query.ts'
import { renewRoleAfter } from '../../lib/session.ts'
import { z } from '../../lib/zod.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, TextInput } from '../../ui/field.tsx'
import { Form, FormError, type MusterForm, SubmitButton, useMusterForm } from '../../ui/form.tsx'
import { RadioGroup } from '../../ui/radio-group.tsx'
import { toast } from '../../ui/toast.tsx'
import { invitableRoles } from './rights.ts'
import { roleName } from './roles.ts'

type Props = { user: User; onClose: () => void }

/** Invites somebody by mail: into the user's organization, or from the platform into a role of it or a new organization. */
export function InviteDialog(props: Props) {
  return (
    <Dialog
      open
      title={m.invites_invite_title()}
      description={props.user.role === 'client_admin' ? m.invites_invite_text() : m.invites_invite_platform_text()}
      onOpenChange={(isOpen) => !isOpen && props.onClose()}
    >
      <InviteForm {...props} />
    </Dialog>
  )
}

const schemaFor = (roles: readonly InvitedRole[]) =>
  z
    .object({
      email: z.string().check(z.trim(), z.email()),
      role: z.enum(roles),
      organizationName: z.string().check(z.trim(), z.maxLength(100)),
    })
    .check(
      z.refine(({ role, organizationName }) => role !== 'client_admin' || organizationName !== '', {
        path: ['organizationName'],
        error: () => m.faults_required(),
      }),
    )

const hints: Partial<Record<InvitedRole, () => string>> = {
  client_admin: m.invites_hint_client_admin,
  operator: m.invites_hint_operator,
  site_admin: m.invites_hint_site_admin,
}

function InviteForm({ user, onClose }: Props) {
  const roles = invitableRoles(user.role)
  const schema = useMemo(() => schemaFor(roles), [roles])
  const form: MusterForm<z.infer<typeof schema>> = useMusterForm(schema, {
    defaultValues: { email: '', role: roles[0] as InvitedRole, organizationName: '' },
    async onSubmit({ email, role, organizationName }) {
      try {
        await muster.invites.create({ email, role, ...(role === 'client_admin' && { organizationName }) })
      } catch (error) {
        renewRoleAfter(error)
        const isOwn = error instanceof MusterError && error.fieldErrors.email?.code === 'ALREADY_EXISTS'
        if (!isOwn) throw error
        return form.setError('email', m.invites_is_member(), { shouldFocus: true })
      }
      toast({
        kind: 'success',
        title: m.invites_invited({ email }),
        action: { label: m.invites_invitations(), href: '/organization?view=invites' },
      })
      onClose()
      await queryClient.invalidateQueries({ queryKey: ['invites'] })
    },
  })
  return (
    <Form form={form}>
      <Field label={m.invites_email()} error={form.errorOf('email')}>
        <TextInput {...form.register('email')} type="email" autoComplete="off" spellCheck={false} dir="ltr" />
      </Field>
      {roles.length > 1 && (
        <RadioGroup
          label={m.invites_role()}
          look="cards"
          options={roles.map((value) => ({ value, label: roleName(value), hint: hints[value]?.() }))}
          value={form.values.role}
          onChange={form.control('role').onChange}
        />
      )}
      {form.values.role === 'client_admin' && (
        <Field
          label={m.invites_organization_name()}
          hint={m.invites_organization_name_hint()}
          error={form.errorOf('organizationName')}
        >
          <TextInput {...form.register('organizationName')} autoComplete="off" />
        </Field>
      )}
      <FormError form={form} />
      <div className="flex flex-col-reverse gap-2.5 sm:flex-row sm:justify-end">
        <Button onClick={onClose}>{m.ui_cancel()}</Button>
        <SubmitButton form={form}>{m.invites_send()}</SubmitButton>
      </div>
    </Form>
  )
}
