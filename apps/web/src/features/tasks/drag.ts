import { draggable, dropTargetForElements } from '@atlaskit/pragmatic-drag-and-drop/element/adapter'
import { type RefObject, useEffect, useEffectEvent, useState } from 'react'

/** Makes an element one that can be dragged. @returns whether it is dragged */
export function useDraggable(ref: RefObject<HTMLElement | null>, id: string): boolean {
  const [isDragged, setIsDragged] = useState(false)
  useEffect(() => {
    if (!ref.current) return
    return draggable({
      element: ref.current,
      getInitialData: () => ({ id }),
      onDragStart: () => setIsDragged(true),
      onDrop: () => setIsDragged(false),
    })
  }, [ref, id])
  return isDragged
}

/** Makes an element one on which others are dropped. @returns whether something is held over it */
export function useDropTarget(ref: RefObject<HTMLElement | null>, onDrop: (id: string) => void): boolean {
  const [isOver, setIsOver] = useState(false)
  const drop = useEffectEvent(onDrop)
  useEffect(() => {
    if (!ref.current) return
    return dropTargetForElements({
      element: ref.current,
      onDragEnter: () => setIsOver(true),
      onDragLeave: () => setIsOver(false),
      onDrop: ({ source }) => {
        setIsOver(false)
        drop(source.data.id as string)
      },
    })
  }, [ref])
  return isOver
}
