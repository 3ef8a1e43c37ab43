import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { answerError } from '../http/error-answer.ts'

/** Answers every error in one shape. */
export const errorsPlugin = fp(async (app: FastifyInstance) => {
  app.setErrorHandler(answerError)
})
