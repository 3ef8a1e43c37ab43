import type { System } from '../system/system.ts'
import { type Participant, startParticipant } from './participant.ts'

const batchSize = 20

/**
 * Creates users of one organization, and lets each connect. The first one registers; the others are copies of it in the database,
 * with the same password, so that a large crew is there soon.
 */
export async function startCrew(system: System, size: number, urls: readonly string[]): Promise<Participant[]> {
  const first = await system.registeredUser()
  await system.inspector.query(
    `with template as (select * from users where email = $1)
     insert into users (id, username, name, email, password_hash, role, organization_id)
     select gen_random_uuid(), 'crew_' || n, 'Crew ' || n, 'crew_' || n || '@example.test',
       password_hash, 'client_user', organization_id
     from template, generate_series(1, $2::int) n`,
    [first.email, size],
  )
  const start = (n: number) =>
    startParticipant({
      ...{ name: `crew_${n}`, email: `crew_${n}@example.test`, password: first.password },
      apiUrl: urls[n % urls.length] as string,
    })
  const crew: Participant[] = []
  for (let n = 1; n <= size; n += batchSize) {
    const numbers = Array.from({ length: Math.min(batchSize, size - n + 1) }, (_, index) => n + index)
    crew.push(...(await Promise.all(numbers.map(start))))
  }
  return crew
}
