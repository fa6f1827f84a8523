import { confluentRegistry } from "./confluent-registry.ts";
import { registryConformance } from "./conformance.ts";
import { registrySkip, testRegistry } from "./local-registry/test-registry.ts";

const skip = await registrySkip(process.env);

registryConformance(
  "a server (Apicurio)",
  async () => {
    const server = await testRegistry(process.env);
    const registry = confluentRegistry({ url: server.url });
    const close = async (): Promise<void> => {
      await registry.close();
      await server.stop();
    };
    return { registry, close };
  },
  skip === undefined ? {} : { skip },
);
