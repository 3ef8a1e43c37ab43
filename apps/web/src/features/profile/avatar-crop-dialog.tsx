import { type KeyboardEvent, type PointerEvent, useEffect, useId, useRef, useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Notice } from '../../ui/notice.tsx'
import { type Crop, drawCrop, edgeOf, keptInside, maxZoom, wholeMiddle } from './crop.ts'

/** The edge of the picture that is sent; the server makes 512 pixels of it. */
const sentEdge = 1_024
const step = 0.02
const moves: Record<string, readonly [number, number]> = {
  ArrowLeft: [-step, 0],
  ArrowRight: [step, 0],
  ArrowUp: [0, -step],
  ArrowDown: [0, step],
}

async function pictureOf(image: ImageBitmap, crop: Crop): Promise<File> {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = Math.round(Math.min(sentEdge, edgeOf(image, crop.zoom)))
  drawCrop(canvas, image, crop)
  // PNG, since not each browser writes WebP; transparent parts stay.
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'))
  if (!blob) throw new Error('The browser could not write the picture.')
  return new File([blob], 'avatar.png', { type: blob.type })
}

type Props = {
  image: ImageBitmap
  /** Sends the picture. @throws MusterError */
  upload: (picture: File) => Promise<unknown>
  onClose: () => void
  onUploaded: () => void
}

/** Lets somebody choose the square of an image that becomes a picture, by pointer or arrow keys, and sends it. */
export default function AvatarCropDialog({ image, upload, onClose, onUploaded }: Props) {
  const zoomId = useId()
  const [crop, setCrop] = useState(() => keptInside(image, wholeMiddle))
  const [isSending, setIsSending] = useState(false)
  const [error, setError] = useState<unknown>(null)

  const change = (next: (crop: Crop) => Crop) => setCrop((before) => keptInside(image, next(before)))
  function drag({ currentTarget, movementX, movementY, buttons }: PointerEvent<HTMLElement>) {
    if (buttons !== 1) return
    const pixelsOfImage = edgeOf(image, crop.zoom) / currentTarget.clientWidth
    change(({ x, y, zoom }) => ({
      x: x - (movementX * pixelsOfImage) / image.width,
      y: y - (movementY * pixelsOfImage) / image.height,
      zoom,
    }))
  }
  function press(event: KeyboardEvent) {
    const move = moves[event.key]
    if (!move) return
    event.preventDefault()
    change(({ x, y, zoom }) => ({ x: x + move[0], y: y + move[1], zoom }))
  }
  async function send() {
    setIsSending(true)
    setError(null)
    try {
      await upload(await pictureOf(image, crop))
      onUploaded()
    } catch (failure) {
      setError(failure)
      setIsSending(false)
    }
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={m.profile_crop_title()}
      description={m.profile_crop_text()}
      size="sm"
      footer={
        <>
          <Button onClick={onClose}>{m.ui_cancel()}</Button>
          <Button variant="primary" isPending={isSending} onClick={send}>
            {m.profile_crop_use()}
          </Button>
        </>
      }
    >
      <div className="flex flex-col items-center gap-4 pb-1">
        <div
          role="application"
          aria-label={m.profile_crop_area()}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move the image
          tabIndex={0}
          onKeyDown={press}
          onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
          onPointerMove={drag}
          className="w-full max-w-72 cursor-grab touch-none rounded-full active:cursor-grabbing"
        >
          <CropPreview image={image} crop={crop} />
        </div>
        <label htmlFor={zoomId} className="flex w-full max-w-72 items-center gap-3 text-[0.9375rem]">
          {m.profile_crop_zoom()}
          <input
            id={zoomId}
            type="range"
            min={1}
            max={maxZoom}
            step={0.05}
            value={crop.zoom}
            onChange={({ target }) => change((before) => ({ ...before, zoom: Number(target.value) }))}
            className="h-6 min-w-0 flex-1 accent-accent touch:h-11"
          />
        </label>
        {error !== null && (
          <Notice tone="danger" isAlert>
            {errorSentence(error)}
          </Notice>
        )}
      </div>
    </Dialog>
  )
}

/** Stands alone, since the dialog puts its content into the page later than it renders itself. */
function CropPreview({ image, crop }: { image: ImageBitmap; crop: Crop }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    if (canvas.current) drawCrop(canvas.current, image, crop)
  }, [image, crop])
  return (
    <canvas
      ref={canvas}
      width={512}
      height={512}
      className="block aspect-square w-full rounded-full border border-line bg-raised"
    />
  )
}
