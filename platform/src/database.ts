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

/** Schemas, roles and pools on one PostgreSQL, by their owners (`tablesOwner`). */
export class ServiceDatabases {
  readonly #adminUrl: string;
  readonly #data: DataFolder;
  readonly #urls = new Map<string, string>();

  constructor(adminUrl: string, data: DataFolder) {
    this.#adminUrl = adminUrl;
    this.#data = data;
  }

  /** Refuses a server whose connections don't suffice for all services of this process. */
  async check(owners: readonly string[]): Promise<void> {
    const each = POOLS.http + POOLS.consumers;
    await checkPoolSizes(this.#adminUrl, Object.fromEntries(owners.map((owner) => [owner, each])));
  }

  readonly migrate: Runtime["migrate"] = async (owner, folders) => {
    const url = await ensureServiceSchema(this.#adminUrl, {
      service: owner,
      password: this.#data.secret(`database/${owner}`),
    });
    this.#urls.set(owner, url);
    await migrate(url, { schema: schemaOfService(owner), folders });
  };

  readonly openStore: Runtime["openStore"] = (owner, pool): Store =>
    this.#open(owner, `bourse-${owner}-${pool}`, POOLS[pool]);

  /** As the service's role, for who works on its tables while no instance runs. */
  openAs(owner: string, applicationName: string): Store {
    return this.#open(owner, applicationName, 1);
  }

  #open(owner: string, applicationName: string, maxConnections: number): Store {
    const url = this.#urls.get(owner);
    if (url === undefined) throw new Error(`the schema of ${owner} is made before its store is opened`);
    return postgresStore({ url, schema: schemaOfService(owner), applicationName, maxConnections });
  }
}
