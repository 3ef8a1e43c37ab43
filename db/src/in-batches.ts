import { isPlannedEachTime } from './statements.ts'
import { type Origin, runShared, traceShared } from './trace-statements.ts'
import type { Db } from './types.ts'

/** A statement of more questions would delay those that wait behind it. */
const maxQuestions = 64

/** Without prepared statements planning is most of the work: questions wait for the answer to earlier ones, and are planned together. */
const maxUnprepared = 2

type Waiting<Question, Answer> = PromiseWithResolvers<Answer> & { question: Question; origin: Origin }
type Queue<Question, Answer> = { waiting: Waiting<Question, Answer>[]; isScheduled: boolean; running: number }

/**
 * Creates a function that answers a question together with all others of the same turn of the event loop: in one statement, which costs
 * Postgres and this process a fraction of one statement each. An error is the answer to all questions of its statement.
 * @param ask returns one answer for each question, in their order
 */
export function inBatches<Question, Answer>(
  ask: (db: Db, questions: Question[]) => Promise<Answer[]>,
): (db: Db, question: Question) => Promise<Answer> {
  const queues = new WeakMap<Db, Queue<Question, Answer>>()

  const answerBatch = async (db: Db, batch: Waiting<Question, Answer>[]) => {
    try {
      const questions = batch.map(({ question }) => question)
      const answers = await runShared(
        batch.map(({ origin }) => origin),
        () => ask(db, questions),
      )
      for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Answer)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }
  const answerAll = (db: Db, queue: Queue<Question, Answer>) => {
    queue.isScheduled = false
    const maxRunning = isPlannedEachTime(db) ? maxUnprepared : Number.POSITIVE_INFINITY
    while (queue.waiting.length > 0 && queue.running < maxRunning) {
      queue.running++
      answerBatch(db, queue.waiting.splice(0, maxQuestions)).finally(() => {
        queue.running--
        if (!queue.isScheduled) answerAll(db, queue)
      })
    }
  }

  const join = (db: Db, question: Question, origin: Origin) => {
    const asked: Waiting<Question, Answer> = { ...Promise.withResolvers<Answer>(), question, origin }
    const queue = queues.get(db) ?? { waiting: [], isScheduled: false, running: 0 }
    queues.set(db, queue)
    queue.waiting.push(asked)
    if (!queue.isScheduled) {
      queue.isScheduled = true
      // After the requests that this turn reads from the network.
      setImmediate(answerAll, db, queue)
    }
    return asked.promise
  }
  return (db, question) => traceShared((origin) => join(db, question, origin))
}
