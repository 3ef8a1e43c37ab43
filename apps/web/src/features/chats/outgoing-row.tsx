import { type ChatHandle, MusterError, type OutgoingMessage } from '@muster/client'
import { CircleAlert, Clock, File as FileIcon } from 'lucide-react'
import { useEffect, useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { MessageBody } from './message-body.tsx'
import { Bubble } from './message-row.tsx'

type File = NonNullable<OutgoingMessage['files']>[number]
type Props = {
  item: OutgoingMessage
  handle: ChatHandle
  /** Puts the text back into the field; undefined while something else is typed there. */
  onTakeBack: ((item: OutgoingMessage) => void) | undefined
}

/** A message that is on its way, or was refused. */
export function OutgoingRow({ item, handle, onTakeBack }: Props) {
  const { state, body, files = [], refusal, clientId } = item
  const isFailed = state === 'failed'
  return (
    <article aria-label={m.chats_you()} className="flex flex-row-reverse gap-2.5 px-1 pt-2.5">
      <div className="flex max-w-[min(36rem,86%)] min-w-0 flex-col items-end gap-1">
        <Bubble isOwn>
          {files.map((file, index) => (
            <OutgoingFile key={index} file={file} />
          ))}
          {body !== undefined && <MessageBody body={body} />}
          {!isFailed && (
            <p className="mt-0.5 flex items-center justify-end gap-1 text-xs text-ink-3">
              <Clock aria-hidden="true" className="size-3.5" />
              {state === 'pending' ? m.chats_waiting() : m.chats_sending()}
            </p>
          )}
        </Bubble>
        {isFailed && (
          <div role="alert" className="flex flex-wrap items-center justify-end gap-2 text-sm text-danger">
            <span className="flex items-start gap-1.5">
              <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
              <span>
                {m.chats_failed()}. {refusal && refusalSentence(refusal)}
              </span>
            </span>
            <span className="flex gap-1">
              <Button size="sm" onClick={() => handle.retry(clientId)}>
                {m.ui_retry()}
              </Button>
              {onTakeBack && body !== undefined && (
                <Button size="sm" variant="ghost" onClick={() => onTakeBack(item)}>
                  {m.chats_take_back()}
                </Button>
              )}
              <Button size="sm" variant="ghost" onClick={() => handle.discard(clientId)}>
                {m.chats_discard()}
              </Button>
            </span>
          </div>
        )}
      </div>
    </article>
  )
}

const refusalSentence = ({ code, message }: { code: string; message: string }) =>
  code === 'FORBIDDEN' || code === 'NOT_FOUND'
    ? m.chats_refused()
    : errorSentence(new MusterError(message, { code: code as MusterError['code'] }))

function OutgoingFile({ file }: { file: File }) {
  const blob = file instanceof Blob ? file : file.data instanceof Blob ? file.data : undefined
  const url = useObjectUrl(blob?.type.startsWith('image/') ? blob : undefined)
  if (url)
    return <img src={url} alt={file.name} className="my-1 max-h-48 max-w-full rounded-md object-contain opacity-80" />
  return (
    <p className="my-1 flex items-center gap-2 text-[0.9375rem]">
      <FileIcon aria-hidden="true" className="size-5 shrink-0 text-ink-3" />
      <bdi className="line-clamp-2 break-all">{file.name}</bdi>
    </p>
  )
}

/** Returns an address at which the page can show a picture that was not sent yet. */
export function useObjectUrl(blob: Blob | undefined): string | undefined {
  const [url, setUrl] = useState<string>()
  useEffect(() => {
    if (!blob) return setUrl(undefined)
    const made = URL.createObjectURL(blob)
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [blob])
  return url
}
