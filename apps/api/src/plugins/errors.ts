import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { answerError } from '../http/errors/error-answer.ts'

/** Sends every error in the same envelope. */
export const errorsPlugin = fp(async (app: FastifyInstance) => {
  app.setErrorHandler(answerError)
})
