import { maybe, z } from '../../lib/zod.ts'

const word = () => maybe(z.string().check(z.maxLength(100)))

/** The search parameters of the audit log. An invalid value is ignored. */
export const auditSearch = z.object({
  actorId: maybe(z.uuid()),
  action: word(),
  targetType: word(),
  targetId: word(),
  seq: maybe(z.int()),
  from: maybe(z.iso.date()),
  to: maybe(z.iso.date()),
})
export type AuditSearch = z.infer<typeof auditSearch>
