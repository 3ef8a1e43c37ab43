import { m } from '../../paraglide/messages.js'
import { Skeleton } from '../../ui/skeleton.tsx'

/** The place of the list while it loads. */
export function TaskListSkeleton({ rows = 8 }: { rows?: number }) {
  return (
    <div role="status" aria-label={m.ui_loading()} className="flex-1 overflow-hidden">
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className="flex h-[65px] items-center gap-3 border-b border-line px-4">
          <Skeleton className="size-5.5 rounded-full" />
          <span className="flex flex-1 flex-col gap-2">
            <Skeleton className="h-4 w-3/5" />
            <Skeleton className="h-3 w-1/4" />
          </span>
        </div>
      ))}
    </div>
  )
}
