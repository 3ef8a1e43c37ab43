import { MusterError } from '@muster/client'
import { useRef, useState } from 'react'
import { toast } from '../ui/toast.tsx'
import { errorSentence } from './errors.ts'
import { keepFocus } from './keep-focus.ts'
import { queryClient } from './query.ts'

type Options = {
  /** The modules of the API whose data the actions change. */
  changes: readonly string[]
  /** The sentence for an error where it can say more than elsewhere. */
  sentenceOf?: ((error: MusterError) => string | undefined) | undefined
  onError?: ((error: unknown) => void) | undefined
}

/**
 * Runs actions on one thing of a list: tells the outcome, reads anew what changed, and keeps the focus near. `place` is for the element around
 * the controls.
 */
export function useAction({ changes, sentenceOf, onError }: Options) {
  const [isPending, setIsPending] = useState(false)
  const place = useRef<HTMLDivElement>(null)
  /** @param action returns the sentence about its success */
  async function run(action: () => Promise<string>): Promise<void> {
    const refocus = keepFocus(place.current)
    setIsPending(true)
    try {
      toast({ kind: 'success', title: await action() })
    } catch (error) {
      onError?.(error)
      const own = error instanceof MusterError ? sentenceOf?.(error) : undefined
      toast({ kind: 'error', title: own ?? errorSentence(error) })
    }
    // Also after a refusal, whose reason is often that the list is old.
    await Promise.all(changes.map((module) => queryClient.invalidateQueries({ queryKey: [module] })))
    setIsPending(false)
    refocus()
  }
  return { place, isPending, run }
}
