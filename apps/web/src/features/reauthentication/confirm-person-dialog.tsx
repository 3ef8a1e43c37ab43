import type { User } from '@muster/client'
import { lazy, Suspense } from 'react'
import { Dialog } from '../../ui/dialog.tsx'
import { alsoOnDemand } from '../../ui/on-demand.ts'

const ProofForm = lazy(alsoOnDemand(() => import('./proof-form.tsx')))

/** The password and codes of a confirmation; those that were not asked for are empty. */
export type Proof = { password: string; mailedCode: string; factorCode: string }

/** Returns the proof as the API takes it where `code` is the mailed code of an account without a password. */
export const confirmationOf = ({ password, mailedCode }: Proof) => ({
  ...(password !== '' && { password }),
  ...(mailedCode !== '' && { code: mailedCode }),
})

export type ConfirmPersonDialogProps = {
  user: Pick<User, 'hasPassword' | 'email'>
  title: string
  description?: string | undefined
  submitLabel: string
  isDanger?: boolean | undefined
  open: boolean
  onOpenChange: (open: boolean) => void
  /** Asks for the person only after the server has asked, as it does when a session is older than 15 minutes. */
  asksLate?: boolean | undefined
  /** Asks for a code of the second factor too. */
  factor?: 'otp' | 'totp' | undefined
  /** Does what was asked for. When it throws, the dialog stays open and shows why. */
  onConfirm: (proof: Proof) => Promise<unknown>
}

/** Asks somebody to prove again who they are: by the password, without one by a mailed code, and by their second factor. */
export function ConfirmPersonDialog(props: ConfirmPersonDialogProps) {
  const { title, description, open, onOpenChange } = props
  return (
    <Dialog title={title} description={description} open={open} onOpenChange={onOpenChange}>
      <Suspense>
        <ProofForm {...props} />
      </Suspense>
    </Dialog>
  )
}
