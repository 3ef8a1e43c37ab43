import type { Chat, MusterError, User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { isolated } from '../../lib/isolated.ts'
import { muster } from '../../lib/muster.ts'
import { regionalLanguage } from '../../lib/regional-language.ts'
import { z } from '../../lib/zod.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, TextInput } from '../../ui/field.tsx'
import { Form, FormError, SubmitButton, useMusterForm } from '../../ui/form.tsx'
import { Notice } from '../../ui/notice.tsx'
import { RadioGroup } from '../../ui/radio-group.tsx'
import { Switch } from '../../ui/switch.tsx'
import { type Choice, PeoplePicker } from './people-picker.tsx'
import { organizationQuery } from './queries.ts'

type Props = { user: User; onClose: () => void; onCreated: (chat: Chat) => void }

/** Begins a chat with one person, or a group. */
export default function NewChatDialog({ user, onClose, onCreated }: Props) {
  const [kind, setKind] = useState<'direct' | 'group'>('direct')
  const picker = { kind, setKind }
  return kind === 'direct' ? (
    <NewDirectChat {...{ user, onClose, onCreated, picker }} />
  ) : (
    <NewGroup {...{ user, onClose, onCreated, picker }} />
  )
}

type PartProps = Props & { picker: { kind: 'direct' | 'group'; setKind: (kind: 'direct' | 'group') => void } }

const KindPicker = ({ picker: { kind, setKind } }: Pick<PartProps, 'picker'>) => (
  <RadioGroup
    look="segments"
    isLabelHidden
    label={m.chats_new_kind()}
    value={kind}
    onChange={setKind}
    options={[
      { value: 'direct', label: m.chats_new_direct() },
      { value: 'group', label: m.chats_new_group() },
    ]}
  />
)

function NewDirectChat({ user, onClose, onCreated, picker }: PartProps) {
  const [isPending, setIsPending] = useState(false)
  const [error, setError] = useState<unknown>()
  async function begin({ id }: Choice): Promise<void> {
    setIsPending(true)
    setError(undefined)
    try {
      onCreated(await muster.chats.create({ type: 'direct', userId: id }))
    } catch (failure) {
      setError(failure)
      setIsPending(false)
    }
  }
  return (
    <Dialog open onOpenChange={(isOpen) => !isOpen && onClose()} title={m.chats_new_title()}>
      <div className="flex flex-col gap-4">
        <KindPicker picker={picker} />
        {error !== undefined && (
          <Notice tone="danger" isAlert>
            {errorSentence(error)}
          </Notice>
        )}
        <PeoplePicker
          organizationId={user.organizationId}
          without={new Set([user.id])}
          isBusy={isPending}
          onPick={(person) => void begin(person)}
        />
      </div>
    </Dialog>
  )
}

const schema = z.object({ name: z.string().check(z.trim(), z.minLength(1), z.maxLength(100)) })

function NewGroup({ user, onClose, onCreated, picker }: PartProps) {
  const [chosen, setChosen] = useState<readonly Choice[]>([])
  const [isInside, setIsInside] = useState(false)
  const organization = useQuery(organizationQuery(user.organizationId))
  const form = useMusterForm(schema, {
    defaultValues: { name: '' },
    async onSubmit({ name }) {
      const memberIds = chosen.map(({ id }) => id)
      onCreated(
        await muster.chats.create({
          ...{ type: 'group', name, memberIds },
          ...(isInside && { organizationId: user.organizationId }),
        }),
      )
    },
    sentenceOf: (error) => unreachable(error, chosen),
  })
  return (
    <Dialog
      open
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={m.chats_new_title()}
      footer={
        <>
          <Button onClick={onClose}>{m.ui_cancel()}</Button>
          <SubmitButton form={form} onClick={() => void form.submit()}>
            {m.chats_create_group()}
          </SubmitButton>
        </>
      }
    >
      <Form form={form} label={m.chats_new_group()} className="gap-4">
        <KindPicker picker={picker} />
        <Field label={m.chats_group_name()} error={form.errorOf('name')}>
          <TextInput maxLength={100} autoComplete="off" {...form.register('name')} />
        </Field>
        {organization.data && organization.data.memberCount > 1 && (
          <Switch
            label={m.chats_group_organization({ name: isolated(organization.data.name) })}
            hint={m.chats_group_organization_hint()}
            checked={isInside}
            onChange={({ target }) => setIsInside(target.checked)}
          />
        )}
        <PeoplePicker
          organizationId={user.organizationId}
          only={isInside ? 'organization' : undefined}
          without={new Set([user.id])}
          chosen={chosen}
          onPick={(person) => setChosen((all) => toggled(all, person))}
        />
        <FormError form={form} />
      </Form>
    </Dialog>
  )
}

/** Adds a person to a choice, or takes them out of it. */
export const toggled = (all: readonly Choice[], person: Choice): readonly Choice[] =>
  all.some(({ id }) => id === person.id) ? all.filter(({ id }) => id !== person.id) : [...all, person]

/** Names those of a choice whom the server refuses to add; undefined when that is not why it refused. */
export function unreachable({ details }: MusterError, chosen: readonly Choice[]): string | undefined {
  const names = details.flatMap(({ code, path }) => {
    const index = /^body\.(?:memberIds|userIds)\.(\d+)$/.exec(path)?.[1]
    const person = index === undefined ? undefined : chosen[Number(index)]
    return code === 'NOT_REACHABLE' && person ? [isolated(person.name)] : []
  })
  return names.length === 0
    ? undefined
    : m.chats_not_reachable({ names: new Intl.ListFormat(regionalLanguage()).format(names) })
}
