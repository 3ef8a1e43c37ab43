export type NoticeKind = 'upcoming' | 'overdue'

/** How long before the due date each notice is scheduled. */
export const leadMs: Record<NoticeKind, number> = { upcoming: 3_600_000, overdue: 0 }
