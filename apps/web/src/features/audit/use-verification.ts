import type { AuditRun } from '@muster/client'
import { useEffect, useRef, useState } from 'react'
import { operator } from '../../lib/operator.ts'

type Answer = Awaited<ReturnType<typeof operator.admin.verifyAuditEvents>>
export type ChainFault = Answer['faults'][number]

/** What a verification has found so far. */
export type Verification = {
  /** The number of the last event that was checked. */
  checkedTo: number
  checked: number
  erased: number
  erasedRuns: readonly AuditRun[]
  dropped: number
  faults: readonly ChainFault[]
  isComplete: boolean
}

const nothing: Verification = {
  ...{ checkedTo: 0, checked: 0, erased: 0, erasedRuns: [], dropped: 0, faults: [], isComplete: false },
}

const joined = (before: Verification, answer: Answer): Verification => ({
  checkedTo: answer.last.seq,
  checked: before.checked + answer.checked,
  erased: before.erased + answer.erased,
  erasedRuns: [...before.erasedRuns, ...answer.erasedRuns],
  dropped: before.dropped + answer.dropped,
  faults: [...before.faults, ...answer.faults],
  isComplete: answer.complete,
})

/** Verifies the chain, one answer after another, until its end or until it is stopped; it goes on where it ended. */
export function useVerification() {
  const [state, setState] = useState<{ result?: Verification; cursor?: string | undefined; error?: unknown }>({})
  const [isRunning, setIsRunning] = useState(false)
  const ending = useRef<AbortController>(null)
  useEffect(() => () => ending.current?.abort(), [])

  async function run({ result = nothing, cursor }: { result?: Verification; cursor?: string | undefined }) {
    const abort = new AbortController()
    ending.current = abort
    setIsRunning(true)
    setState({ result, cursor })
    try {
      let next = cursor
      let found = result
      do {
        const answer = await operator.admin.verifyAuditEvents(next ? { cursor: next } : {}, { signal: abort.signal })
        found = joined(found, answer)
        next = answer.nextCursor ?? undefined
        setState({ result: found, cursor: next })
      } while (next && !abort.signal.aborted)
    } catch (error) {
      if (!abort.signal.aborted) setState((before) => ({ ...before, error }))
    }
    setIsRunning(false)
  }

  return {
    result: state.result,
    error: state.error,
    isRunning,
    canContinue: state.cursor !== undefined,
    start: () => void run({}),
    goOn: () => void run(state),
    stop: () => ending.current?.abort(),
  }
}
