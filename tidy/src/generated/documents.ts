import { asyncApiDocument, catalogue, currentVersions, versionFileName } from "@bourse/contracts";
import { configVariables, errorsDocument } from "@bourse/host";
import {
  accessDocument,
  allDefinitions,
  KafkaConfig,
  parkersOf,
  prometheusTargets,
  readersOf,
} from "@bourse/platform";
import type { TextFile } from "../repository.ts";
import { apiTypes } from "./api-types.ts";
import { configurationDocument } from "./configuration-document.ts";
import { eventsDocument } from "./events-document.ts";
import { PROCESS_VARIABLES } from "./process-variables.ts";

/** Every file that is derived from definitions. `npm run generate` writes them, a test keeps them fresh. */
export async function generatedDocuments(): Promise<readonly TextFile[]> {
  const readers = readersOf();
  const parkers = parkersOf();
  return [
    {
      path: "deploy/prometheus/targets/services.gen.json",
      text: `${JSON.stringify(prometheusTargets(), null, 2)}\n`,
    },
    {
      path: "docs/asyncapi.gen.json",
      text: `${JSON.stringify(asyncApiDocument(readers, parkers), null, 2)}\n`,
    },
    { path: "deploy/kafka/acls.gen.json", text: accessDocument("json") },
    { path: "deploy/kafka/acls.gen.sh", text: accessDocument("kafka-acls") },
    { path: "deploy/kafka/acls.gen.tf", text: accessDocument("terraform") },
    {
      path: "docs/configuration.md",
      text: configurationDocument(
        configVariables([{ name: "every process on Kafka", config: KafkaConfig }, ...allDefinitions]),
        PROCESS_VARIABLES,
      ),
    },
    { path: "docs/errors.md", text: errorsDocument() },
    // Of earlier versions there is a file already, which nothing writes again.
    ...currentVersions().map((version) => ({
      path: `packages/contracts/versions/${versionFileName(version)}`,
      text: `${JSON.stringify(version.schema, null, 2)}\n`,
    })),
    {
      path: "docs/events.md",
      text: eventsDocument({ catalogue, readers, parkers, services: allDefinitions }),
    },
    { path: "packages/sdk/src/api.gen.ts", text: await apiTypes() },
  ];
}
