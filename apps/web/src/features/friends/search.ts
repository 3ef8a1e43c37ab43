import { z } from '../../lib/zod.ts'

const peopleViews = ['friends', 'requests', 'members'] as const
export type PeopleView = (typeof peopleViews)[number]

/** The search parameters of the page. An invalid value is ignored. Without `view` it shows friends; `q` shows whom it finds instead. */
export const peopleSearch = z.object({
  view: z.catch(z.optional(z.enum(peopleViews)), undefined),
  q: z.catch(z.optional(z.string().check(z.maxLength(100))), undefined),
})
export type PeopleSearch = z.infer<typeof peopleSearch>
