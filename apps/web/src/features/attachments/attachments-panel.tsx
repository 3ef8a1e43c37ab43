import type { Attachment } from '@muster/client'
import { Download, File as FileIcon, Paperclip, Trash2, Upload } from 'lucide-react'
import { type DragEvent, useEffect, useRef, useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { queryClient } from '../../lib/query.ts'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { useConfirm } from '../../ui/confirm.tsx'
import { cx } from '../../ui/cx.ts'
import { FileInput } from '../../ui/file-input.tsx'
import { Progress } from '../../ui/progress.tsx'
import { toast } from '../../ui/toast.tsx'
import { bytesText } from './bytes-text.ts'
import { PictureButton } from './picture-button.tsx'
import { useUploadLimits } from './upload-limits.ts'
import { useUploads } from './uploads.ts'

/** The files of a task: they are added by choice, drop or paste. */
export function AttachmentsPanel({ taskId, attachments }: { taskId: string; attachments: readonly Attachment[] }) {
  const uploads = useUploads(taskId)
  const limits = useUploadLimits('attachments')
  const [isOver, setIsOver] = useState(false)
  const picker = useRef<HTMLInputElement>(null)
  const { add } = uploads
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])]
      if (files.length === 0) return
      event.preventDefault()
      add(files)
    }
    document.addEventListener('paste', paste)
    return () => document.removeEventListener('paste', paste)
  }, [add])
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setIsOver(false)
    add([...event.dataTransfer.files])
  }
  return (
    <Card
      title={m.attachments_title()}
      actions={
        <Button size="sm" icon={<Upload aria-hidden="true" />} onClick={() => picker.current?.click()}>
          {m.attachments_add()}
        </Button>
      }
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes('Files')) return
        event.preventDefault()
        setIsOver(true)
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={drop}
      className={cx(isOver && 'border-accent bg-accent-soft')}
    >
      <FileInput ref={picker} isMultiple accept={limits?.extensions.join()} onFiles={add} />
      {attachments.length === 0 && uploads.items.length === 0 && (
        <p className="flex items-start gap-2 text-[0.9375rem] text-ink-3">
          <Paperclip aria-hidden="true" className="mt-1 size-4 shrink-0" />
          {m.attachments_empty()}
        </p>
      )}
      <ul className="flex flex-col divide-y divide-line">
        {attachments.map((attachment) => (
          <FileRow key={attachment.id} attachment={attachment} />
        ))}
        {uploads.items.map((item) => (
          <li key={item.key} className="flex items-center gap-3 py-3">
            <span className="min-w-0 flex-1">
              <bdi className="block truncate font-medium">{item.file.name}</bdi>
              {item.state === 'sending' && (
                <Progress label={m.attachments_sending({ name: item.file.name })} value={item.share} />
              )}
              {item.state === 'waiting' && <span className="text-sm text-ink-3">{m.attachments_waiting()}</span>}
              {item.state === 'offline' && (
                <span role="status" className="text-sm text-warning">
                  {m.attachments_offline()}
                </span>
              )}
              {item.state === 'failed' && (
                <span role="alert" className="text-sm text-danger">
                  {errorSentence(item.error)}
                </span>
              )}
            </span>
            {(item.state === 'failed' || item.state === 'offline') && (
              <Button size="sm" onClick={() => uploads.retry(item.key)}>
                {m.ui_retry()}
              </Button>
            )}
            <IconButton
              size="sm"
              label={m.attachments_cancel({ name: item.file.name })}
              icon={<Trash2 aria-hidden="true" />}
              onClick={() => uploads.cancel(item.key)}
            />
          </li>
        ))}
      </ul>
    </Card>
  )
}

function FileRow({ attachment }: { attachment: Attachment }) {
  const { id, filename, status, size, url, thumbnailUrl, optimizationStats, failureReason } = attachment
  const confirm = useConfirm()
  async function remove() {
    const isSure = await confirm({
      title: m.attachments_delete_title({ name: filename }),
      text: m.attachments_delete_text(),
      confirmLabel: m.attachments_delete(),
      isDanger: true,
    })
    if (!isSure) return
    try {
      await muster.attachments.delete(id)
    } catch (error) {
      toast({ kind: 'error', title: m.attachments_delete_failed({ name: filename }), text: errorSentence(error) })
    }
    void queryClient.invalidateQueries({ queryKey: ['tasks'] })
  }
  return (
    <li className="flex items-center gap-3 py-3">
      {thumbnailUrl && url !== null ? (
        <PictureButton {...{ filename, url }} className="size-12 shrink-0 overflow-hidden rounded-md bg-raised">
          <img src={thumbnailUrl} alt="" loading="lazy" decoding="async" className="size-full object-cover" />
        </PictureButton>
      ) : (
        <span className="grid size-12 shrink-0 place-items-center rounded-md bg-raised text-ink-3">
          <FileIcon aria-hidden="true" className="size-5" />
        </span>
      )}
      <span className="min-w-0 flex-1">
        <bdi className="line-clamp-2 font-medium break-all">{filename}</bdi>
        <span className="flex flex-wrap items-center gap-x-2 text-sm text-ink-3">
          {optimizationStats
            ? m.attachments_optimized({
                before: bytesText(optimizationStats.originalSize),
                after: bytesText(optimizationStats.optimizedSize),
              })
            : bytesText(size)}
          {status === 'processing' && <Badge tone="accent">{m.attachments_processing()}</Badge>}
          {status === 'failed' && <Badge tone="danger">{m.attachments_failed()}</Badge>}
        </span>
        {failureReason !== null && <span className="block text-sm text-danger">{failureReason}</span>}
      </span>
      {url !== null && (
        <a
          href={url}
          download={filename}
          aria-label={m.attachments_download({ name: filename })}
          className="grid size-10 place-items-center rounded-md text-ink-2 hover:bg-raised touch:size-11"
        >
          <Download aria-hidden="true" className="size-5" />
        </a>
      )}
      <IconButton
        label={m.attachments_delete_title({ name: filename })}
        hasTooltip={false}
        icon={<Trash2 aria-hidden="true" />}
        onClick={remove}
      />
    </li>
  )
}
