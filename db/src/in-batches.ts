import type { Db } from './types.ts'

/** A statement of more questions would delay those that wait behind it. */
const maxQuestions = 64

type Waiting<Question, Answer> = PromiseWithResolvers<Answer> & { question: Question }

/**
 * Creates a function that answers a question together with all others of the same turn of the event loop: in one statement, which costs
 * Postgres and this process a fraction of one statement each. An error is the answer to all questions of its statement.
 * @param ask returns one answer for each question, in their order
 */
export function inBatches<Question, Answer>(
  ask: (db: Db, questions: Question[]) => Promise<Answer[]>,
): (db: Db, question: Question) => Promise<Answer> {
  const waiting = new WeakMap<Db, Waiting<Question, Answer>[]>()

  const answerBatch = async (db: Db, batch: Waiting<Question, Answer>[]) => {
    try {
      const answers = await ask(
        db,
        batch.map(({ question }) => question),
      )
      for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Answer)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }
  const answerAll = (db: Db) => {
    const all = waiting.get(db) ?? []
    waiting.delete(db)
    for (let start = 0; start < all.length; start += maxQuestions)
      answerBatch(db, all.slice(start, start + maxQuestions))
  }

  return (db, question) => {
    const asked: Waiting<Question, Answer> = { ...Promise.withResolvers<Answer>(), question }
    const others = waiting.get(db)
    if (others) others.push(asked)
    else {
      waiting.set(db, [asked])
      // After the requests that this turn reads from the network.
      setImmediate(answerAll, db)
    }
    return asked.promise
  }
}
