import type { FastifyReply } from 'fastify'

/**
 * Makes the browser delete its cache and storage of this origin: privately cached files, and the data of a front end on the
 * same origin. Not "cookies": that would clear the cookies of the whole registrable domain, and the device cookie, which
 * protects the user from being locked out by strangers. Session cookies are cleared by name.
 * https://www.w3.org/TR/clear-site-data/
 */
export const clearSiteData = (reply: FastifyReply) => reply.header('clear-site-data', '"cache", "storage"')
