import { databaseOf, type RedisClient } from '@muster/redis'

/**
 * Returns the name of the one channel on which all processes of an installation publish. It has the number of the database, because
 * the channels of Redis are common to all of them.
 */
export const channelOf = (redis: RedisClient): string => `muster:signals:v1:${databaseOf(redis)}`
