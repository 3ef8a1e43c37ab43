import type { FastifyReply } from 'fastify'

/**
 * Has the browser forget what it keeps of this origin: files that were served with private caching, and what a front end
 * on the same origin stored. Not "cookies": that would clear those of every neighbour on the registrable domain as well,
 * and the device cookie, which protects the person from being locked out by strangers. The session's own are cleared by
 * name. https://www.w3.org/TR/clear-site-data/
 */
export const clearSiteData = (reply: FastifyReply) => reply.header('clear-site-data', '"cache", "storage"')
