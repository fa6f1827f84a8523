import type { ServiceName } from "@bourse/contracts";
import type { Runtime } from "@bourse/host";
import {
  checkPoolSizes,
  ensureServiceSchema,
  migrate,
  postgresStore,
  type Store,
  schemaOfService,
} from "@bourse/store";
import type { DataFolder } from "./data-folder.ts";

/** Connections of each service: HTTP doors and consumers apart (R13). */
const POOLS = { http: 2, consumers: 2 } as const;

/** A service's schema, role and pools on one PostgreSQL. */
export class ServiceDatabases {
  readonly #adminUrl: string;
  readonly #data: DataFolder;
  readonly #urls = new Map<ServiceName, string>();

  constructor(adminUrl: string, data: DataFolder) {
    this.#adminUrl = adminUrl;
    this.#data = data;
  }

  /** Refuses a server whose connections don't suffice for all services of this process. */
  async check(services: readonly ServiceName[]): Promise<void> {
    const each = POOLS.http + POOLS.consumers;
    await checkPoolSizes(this.#adminUrl, Object.fromEntries(services.map((service) => [service, each])));
  }

  readonly migrate: Runtime["migrate"] = async (service, folders) => {
    const url = await ensureServiceSchema(this.#adminUrl, {
      service,
      password: this.#data.secret(`database/${service}`),
    });
    this.#urls.set(service, url);
    await migrate(url, { schema: schemaOfService(service), folders });
  };

  readonly openStore: Runtime["openStore"] = (service, pool): Store =>
    this.#open(service, `bourse-${service}-${pool}`, POOLS[pool]);

  /** As the service's role, for who works on its tables while no instance runs. */
  openAs(service: ServiceName, applicationName: string): Store {
    return this.#open(service, applicationName, 1);
  }

  #open(service: ServiceName, applicationName: string, maxConnections: number): Store {
    const url = this.#urls.get(service);
    if (url === undefined) throw new Error(`the schema of ${service} is made before its store is opened`);
    return postgresStore({ url, schema: schemaOfService(service), applicationName, maxConnections });
  }
}
