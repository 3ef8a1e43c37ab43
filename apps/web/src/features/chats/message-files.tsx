import type { ChatFile } from '@muster/client'
import { CircleAlert, Download, File as FileIcon } from 'lucide-react'
import { isolated } from '../../lib/isolated.ts'
import { m } from '../../paraglide/messages.js'
import { Spinner } from '../../ui/spinner.tsx'
import { bytesText } from '../attachments/bytes-text.ts'
import { PictureButton } from '../attachments/picture-button.tsx'
import { shortName } from '../attachments/short-name.ts'

const isImage = ({ contentType }: ChatFile) => contentType.startsWith('image/')

/** The files of a message: pictures are shown, others can be downloaded. */
export function MessageFiles({ files }: { files: readonly ChatFile[] }) {
  const images = files.filter((file) => isImage(file) && file.status !== 'failed')
  const others = files.filter((file) => !images.includes(file))
  return (
    <>
      {images.length > 0 && (
        <div className="my-1 flex flex-wrap gap-1.5">
          {images.map((file) => (
            <Picture key={file.id} file={file} isAlone={images.length === 1} />
          ))}
        </div>
      )}
      {others.map((file) => (
        <OtherFile key={file.id} file={file} />
      ))}
    </>
  )
}

/** The edges of the box into which a picture is scaled, in pixels. */
const aloneEdges = { width: 320, height: 320 }
const smallEdges = { width: 152, height: 152 }

/** Returns the size at which a picture is shown, so that its place is kept while it loads. */
function sizeOf({ width, height }: ChatFile, edges: { width: number; height: number }) {
  if (!width || !height) return edges
  const scale = Math.min(1, edges.width / width, edges.height / height)
  return { width: Math.max(48, Math.round(width * scale)), height: Math.max(48, Math.round(height * scale)) }
}

function Picture({ file, isAlone }: { file: ChatFile; isAlone: boolean }) {
  const { filename, url, thumbnailUrl } = file
  const { width, height } = sizeOf(file, isAlone ? aloneEdges : smallEdges)
  const style = { width, aspectRatio: `${width} / ${height}` }
  if (url === null)
    return (
      <span
        role="img"
        aria-label={m.chats_processing({ name: isolated(filename) })}
        style={style}
        className="grid max-w-full place-items-center rounded-md bg-raised text-ink-3"
      >
        <Spinner />
      </span>
    )
  return (
    <PictureButton {...{ filename, url, style }} className="max-w-full overflow-hidden rounded-md bg-raised">
      <img
        src={isAlone ? url : (thumbnailUrl ?? url)}
        alt={m.attachments_picture({ name: isolated(filename) })}
        loading="lazy"
        decoding="async"
        className="size-full object-cover"
      />
    </PictureButton>
  )
}

function OtherFile({ file: { filename, url, size, status, failureReason } }: { file: ChatFile }) {
  const content = (
    <>
      <span className="grid size-10 shrink-0 place-items-center rounded-md bg-raised text-ink-3">
        {status === 'failed' ? <CircleAlert aria-hidden="true" /> : <FileIcon aria-hidden="true" />}
      </span>
      <span className="min-w-0 flex-1">
        <bdi className="line-clamp-2 break-all">{filename}</bdi>
        {status === 'failed' ? (
          <span className="block text-sm text-danger">{failureReason ?? m.attachments_failed()}</span>
        ) : (
          <span className="block text-sm text-ink-3">{bytesText(size)}</span>
        )}
      </span>
    </>
  )
  const look =
    'my-1 flex items-center gap-2.5 rounded-md border border-line bg-surface p-2 text-[0.9375rem] [&_svg]:size-5'
  if (url === null) return <div className={look}>{content}</div>
  return (
    <a
      href={url}
      download={filename}
      data-tooltip={m.attachments_download({ name: shortName(filename) })}
      className={`${look} hover:bg-raised`}
    >
      {content}
      <Download aria-hidden="true" className="shrink-0 text-ink-2" />
    </a>
  )
}
