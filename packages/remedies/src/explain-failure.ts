import { reasonOf } from '@muster/telemetry'
import { type FailureKind, kindOf } from './failure-kinds.ts'
import type { ServicePlace } from './service-places.ts'

/** The fault of a service, and its remedy for an operator; without any text of the service or of its address's secrets. */
export type Explanation = { code: string; kind: FailureKind; what: string; remedy: string }

/** The failure of a service in words for an operator: what happened, with which variable, and the remedy. */
export class ServiceFailure extends Error {
  override name = 'ServiceFailure'
  readonly code: string

  constructor({ code, what, remedy }: Explanation, options?: ErrorOptions) {
    super(`${what} ${remedy}`, options)
    this.code = code
  }
}

/** Explains why a service cannot be used. The texts contain codes only, since a server's own text may repeat what it was sent. */
export function explainFailure(service: ServicePlace, error: unknown): Explanation {
  const code = reasonOf(error)
  const kind = kindOf(code)
  const { what, remedy } = (own[service.kind]?.[kind] ?? common[kind])(service)
  return { code, kind, what: `${what} (${code}).`, remedy }
}

type Words = (service: ServicePlace) => { what: string; remedy: string }

const at = ({ name, place, variables }: ServicePlace) => `${name} at ${place} (${variables})`

const common: Record<FailureKind, Words> = {
  unreachable: (service) => ({
    what: `${at(service)} cannot be reached`,
    remedy: `Start it, or correct host and port in ${service.variables}; check firewalls and network policies between.`,
  }),
  'unknown-host': (service) => ({
    what: `The host name of ${at(service)} is not known here`,
    remedy: `Correct the host in ${service.variables}, or the DNS of this machine; in a container, name the service and not localhost.`,
  }),
  silent: (service) => ({
    what: `${at(service)} accepts no connection or does not answer in time`,
    remedy: 'Check whether it is frozen or overloaded, and whether a firewall drops the packets.',
  }),
  'sign-in': (service) => ({
    what: `${at(service)} refuses the user name or the password`,
    remedy: `Correct them in ${service.variables}, or at the server.`,
  }),
  'no-database': (service) => ({
    what: `${at(service)} does not have this database`,
    remedy: `Create it, or correct the name in ${service.variables}.`,
  }),
  connections: (service) => ({
    what: `${at(service)} has no connection left`,
    remedy: 'Raise its limit, or start fewer processes; `muster connections` adds up what they need.',
  }),
  starting: (service) => ({
    what: `${at(service)} is starting and takes no commands yet`,
    remedy: 'Wait, and look at its log when it lasts.',
  }),
  'read-only': (service) => ({
    what: `${at(service)} takes no writes: it is a replica or read-only`,
    remedy: `Let ${service.variables} name the primary.`,
  }),
  tls: (service) => ({
    what: `The TLS connection to ${at(service)} fails`,
    remedy: 'Check the certificate of the server, its name and its dates, and which authority this process trusts.',
  }),
  permission: (service) => ({
    what: `${at(service)} does not permit this user what Muster needs`,
    remedy: `Grant it, or name another user in ${service.variables}.`,
  }),
  memory: (service) => ({
    what: `${at(service)} is out of memory`,
    remedy: 'Give it more memory.',
  }),
  disk: (service) => ({
    what: `${at(service)} cannot write to its disk`,
    remedy: 'Free some space there, or correct the permissions of its folder.',
  }),
  topology: (service) => ({
    what: `${at(service)} is part of another topology than the address says`,
    remedy: `Write ${service.variables} in the form of that topology.`,
  }),
  schema: (service) => ({
    what: `The database of ${at(service)} lacks a table or column of this release`,
    remedy: 'Run `muster migrate`.',
  }),
  other: (service) => ({
    what: `${at(service)} failed`,
    remedy: 'Look at its log.',
  }),
}

const own: Partial<Record<ServicePlace['kind'], Partial<Record<FailureKind, Words>>>> = {
  postgres: {
    permission: (service) => ({
      what: `${at(service)} does not permit this role what Muster needs`,
      remedy: `Make the role of ${service.variables} the owner of the tables, or grant it all on them and on the schema.`,
    }),
    tls: (service) => ({
      what: `The TLS connection to ${at(service)} fails`,
      remedy: `Check sslmode and sslrootcert (DATABASE_SSLMODE, DATABASE_SSLROOTCERT) beside the certificate of the server.`,
    }),
  },
  redis: {
    permission: (service) => ({
      what: `${at(service)} does not permit this user a command that Muster needs`,
      remedy: `Give the user of ${service.variables} the rule \`~* &* +@all -@dangerous +info\`, or a wider one.`,
    }),
    memory: (service) => ({
      what: `${at(service)} has reached maxmemory and refuses writes`,
      remedy: 'Raise maxmemory and keep `maxmemory-policy noeviction`.',
    }),
    topology: (service) => ({
      what: `${at(service)} belongs to a cluster that is not whole, or is named like a single server`,
      remedy: `Write ${service.variables} as redis+cluster://… with some of its nodes, and check \`redis-cli cluster info\`.`,
    }),
    tls: (service) => ({
      what: `The TLS connection to ${at(service)} fails`,
      remedy: `Write rediss:// in ${service.variables} where the server has TLS, and set REDIS_CA_FILE when its authority is a private one.`,
    }),
    starting: (service) => ({
      what: `${at(service)} loads its data, or has lost its master`,
      remedy: 'Wait, and look at its log when it lasts.',
    }),
  },
  smtp: {
    tls: (service) => ({
      what: `The TLS connection to ${at(service)} fails`,
      remedy: `Check the certificate of the server: its name must be the host of ${service.variables}. A private authority is trusted with NODE_EXTRA_CA_CERTS; smtps:// is for TLS from the first byte (port 465), smtp:// for STARTTLS.`,
    }),
    'sign-in': (service) => ({
      what: `${at(service)} refuses the sign-in`,
      remedy: `Correct user name and password in ${service.variables}; many providers want a password made for programs.`,
    }),
    permission: (service) => ({
      what: `${at(service)} refuses this client`,
      remedy: 'Allow the address of this machine at the mail server.',
    }),
  },
}
