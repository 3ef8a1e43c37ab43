import { maybe, z } from '../../lib/zod.ts'

const peopleViews = ['friends', 'requests', 'members'] as const
export type PeopleView = (typeof peopleViews)[number]

/** The search parameters of the page. An invalid value is ignored. Without `view` it shows friends; `q` shows whom it finds instead. */
export const peopleSearch = z.object({
  view: maybe(z.enum(peopleViews)),
  q: maybe(z.string().check(z.maxLength(100))),
})
export type PeopleSearch = z.infer<typeof peopleSearch>
