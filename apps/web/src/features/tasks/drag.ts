import { type RefObject, useEffect, useEffectEvent, useState } from 'react'

const adapter = () => import('@atlaskit/pragmatic-drag-and-drop/element/adapter')

/** Makes an element one that can be dragged, as soon as the code for it is loaded. */
export function useDraggable(ref: RefObject<HTMLElement | null>, id: string): boolean {
  const [isDragged, setIsDragged] = useState(false)
  useEffect(() => {
    let end: (() => void) | undefined
    let isGone = false
    void adapter().then(({ draggable }) => {
      if (isGone || !ref.current) return
      end = draggable({
        element: ref.current,
        getInitialData: () => ({ id }),
        onDragStart: () => setIsDragged(true),
        onDrop: () => setIsDragged(false),
      })
    })
    return () => {
      isGone = true
      end?.()
    }
  }, [ref, id])
  return isDragged
}

/** Makes an element one on which others are dropped. @returns whether something is held over it */
export function useDropTarget(ref: RefObject<HTMLElement | null>, onDrop: (id: string) => void): boolean {
  const [isOver, setIsOver] = useState(false)
  const drop = useEffectEvent(onDrop)
  useEffect(() => {
    let end: (() => void) | undefined
    let isGone = false
    void adapter().then(({ dropTargetForElements }) => {
      if (isGone || !ref.current) return
      end = dropTargetForElements({
        element: ref.current,
        onDragEnter: () => setIsOver(true),
        onDragLeave: () => setIsOver(false),
        onDrop: ({ source }) => {
          setIsOver(false)
          drop(source.data.id as string)
        },
      })
    })
    return () => {
      isGone = true
      end?.()
    }
  }, [ref])
  return isOver
}
