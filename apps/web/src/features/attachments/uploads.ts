import { MusterError } from '@muster/client'
import { useBlocker } from '@tanstack/react-router'
import { useCallback, useEffect, useRef, useState } from 'react'
import { muster } from '../../lib/muster.ts'
import { queryClient } from '../../lib/query.ts'
import { m } from '../../paraglide/messages.js'
import { useConfirm } from '../../ui/confirm.tsx'

export type UploadItem = {
  key: string
  file: File
  state: 'waiting' | 'sending' | 'offline' | 'failed'
  /** How much is sent, from 0 to 1. */
  share: number
  error?: unknown
}

/**
 * Sends files one after the other. A file whose sending the connection broke waits, and is sent again from its beginning as soon as the
 * browser is online; a file that the server refused stays with the reason until it is tried again or taken away.
 */
export function useUploads(taskId: string) {
  const [items, setItems] = useState<readonly UploadItem[]>([])
  const sending = useRef<{ key: string; controller: AbortController } | null>(null)
  const change = useCallback((key: string, part: Partial<UploadItem>) => {
    setItems((all) => all.map((item) => (item.key === key ? { ...item, ...part } : item)))
  }, [])
  const next = items.find(({ state }) => state === 'waiting')
  const isSending = items.some(({ state }) => state === 'sending')

  useEffect(() => {
    if (!next || isSending) return
    const { key, file } = next
    const controller = new AbortController()
    sending.current = { key, controller }
    change(key, { state: 'sending', share: 0, error: undefined })
    const onProgress = (progress: { sentBytes: number; totalBytes: number }) =>
      change(key, { share: progress.totalBytes === 0 ? 1 : progress.sentBytes / progress.totalBytes })
    muster.attachments.upload(taskId, file, { signal: controller.signal, onProgress }).then(
      async () => {
        await queryClient.invalidateQueries({ queryKey: ['tasks', 'one', taskId] })
        setItems((all) => all.filter((item) => item.key !== key))
      },
      (error) => {
        if (controller.signal.aborted) return
        const isOffline = error instanceof MusterError && (error.code === 'NETWORK' || error.code === 'TIMEOUT')
        change(key, { state: isOffline ? 'offline' : 'failed', error })
      },
    )
  }, [next, isSending, taskId, change])

  useEffect(() => {
    const resume = () =>
      setItems((all) => all.map((item) => (item.state === 'offline' ? { ...item, state: 'waiting' } : item)))
    addEventListener('online', resume)
    return () => removeEventListener('online', resume)
  }, [])
  const isBusy = items.some(({ state }) => state !== 'failed')
  const confirm = useConfirm()
  useBlocker({
    shouldBlockFn: async () =>
      isBusy &&
      !(await confirm({
        title: m.attachments_leave_title(),
        text: m.attachments_leave_text(),
        confirmLabel: m.attachments_leave(),
        isDanger: true,
      })),
    enableBeforeUnload: () => isBusy,
  })

  const add = useCallback((files: readonly File[]) => {
    const added = files.map((file) => ({ key: crypto.randomUUID(), file, state: 'waiting' as const, share: 0 }))
    setItems((all) => [...all, ...added])
  }, [])
  return {
    items,
    add,
    retry: (key: string) => change(key, { state: 'waiting', error: undefined }),
    cancel(key: string) {
      if (sending.current?.key === key) sending.current.controller.abort()
      setItems((all) => all.filter((item) => item.key !== key))
    },
  }
}
