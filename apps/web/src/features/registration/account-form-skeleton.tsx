import { m } from '../../paraglide/messages.js'
import { Skeleton } from '../../ui/skeleton.tsx'

/** The heights of the fields of the form, and of its button. */
export const accountFormHeights = ['h-[6.4rem]', 'h-[4.6rem]', 'h-[6.4rem]', 'h-[8.5rem]', 'h-12']

/** The place of the form while its rules are loading. */
export function AccountFormSkeleton() {
  return (
    <div role="status" className="flex flex-col gap-5">
      <span className="sr-only">{m.ui_loading()}</span>
      {accountFormHeights.map((height, index) => (
        <Skeleton key={`${index}${height}`} className={height} />
      ))}
    </div>
  )
}
