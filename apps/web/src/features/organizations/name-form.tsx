import type { Organization } from '@muster/client'
import { muster } from '../../lib/muster.ts'
import { queryClient } from '../../lib/query.ts'
import { renewRoleAfter } from '../../lib/session.ts'
import { z } from '../../lib/zod.ts'
import { m } from '../../paraglide/messages.js'
import { Field, TextInput } from '../../ui/field.tsx'
import { Form, FormError, SubmitButton, useMusterForm } from '../../ui/form.tsx'
import { toast } from '../../ui/toast.tsx'
import { organizationQuery } from './queries.ts'

const schema = z.object({ name: z.string().check(z.trim(), z.minLength(1), z.maxLength(100)) })

/** Renames the organization. */
export function NameForm({ organization }: { organization: Organization }) {
  const form = useMusterForm(schema, {
    defaultValues: { name: organization.name },
    async onSubmit({ name }) {
      try {
        const saved = await muster.organization.update({ name })
        queryClient.setQueryData(organizationQuery.queryKey, saved)
        form.reset({ name: saved.name })
        toast({ kind: 'success', title: m.organizations_renamed() })
      } catch (error) {
        renewRoleAfter(error)
        throw error
      }
    },
  })
  return (
    <Form form={form}>
      <Field label={m.organizations_name()} hint={m.organizations_name_hint()} error={form.errorOf('name')}>
        <TextInput {...form.register('name')} autoComplete="organization" />
      </Field>
      <FormError form={form} />
      <div className="flex justify-end">
        <SubmitButton form={form}>{m.organizations_save()}</SubmitButton>
      </div>
    </Form>
  )
}
