import type { AccessRule, UserQuota } from "@bourse/bus/kafka";
import { accessRules, userQuotas } from "./service-access.ts";

export type AccessFormat = "json" | "kafka-acls" | "terraform";

export const ACCESS_FORMATS: readonly AccessFormat[] = ["json", "kafka-acls", "terraform"];

/** The brokers' rules and quotas as a text for other tools. */
export function accessDocument(format: AccessFormat): string {
  const rules = accessRules();
  const quotas = userQuotas();
  switch (format) {
    case "json":
      return `${JSON.stringify({ acls: rules, quotas }, null, 2)}\n`;
    case "kafka-acls":
      return shellScript(rules, quotas);
    case "terraform":
      return terraform(rules, quotas);
  }
}

/** For those who have Kafka's own scripts rather than `bourse acls --apply`. */
function shellScript(rules: readonly AccessRule[], quotas: readonly UserQuota[]): string {
  const acls = rules.map(
    ({ principal, operation, resource, name, pattern }) =>
      `acls --add --force --allow-principal '${principal}' --operation ${operationWord(operation)} ${resourceOption(resource, name)} --resource-pattern-type ${pattern}`,
  );
  const limits = quotas.map(
    ({ user, ...quota }) =>
      `configs --alter --entity-type users --entity-name '${user}' --add-config '${quotaWords(quota)}'`,
  );
  return `#!/usr/bin/env bash
# ACLs and quotas of the platform's services, written from their definitions by \`npm run generate\`.
#   ${["acls.gen.sh", "<host:port>", "<admin.properties>"].join(" ")}
# With Kafka's bin folder on the path. It adds; \`bourse acls --apply\` also takes away what is no longer there.
set -euo pipefail
acls() { kafka-acls.sh --bootstrap-server "$SERVERS" --command-config "$SETTINGS" "$@"; }
configs() { kafka-configs.sh --bootstrap-server "$SERVERS" --command-config "$SETTINGS" "$@"; }
SERVERS=\${1:?the brokers}
SETTINGS=\${2:?the settings of an administrator}

${[...acls, "", ...limits].join("\n")}
`;
}

function operationWord(operation: AccessRule["operation"]): string {
  return operation
    .split("_")
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join("");
}

function resourceOption(resource: AccessRule["resource"], name: string): string {
  return resource === "cluster" ? "--cluster" : `--${resource} '${name}'`;
}

function quotaWords(quota: Omit<UserQuota, "user">): string {
  const { producerBytesPerSecond, consumerBytesPerSecond, requestPercentage } = quota;
  return `producer_byte_rate=${producerBytesPerSecond},consumer_byte_rate=${consumerBytesPerSecond},request_percentage=${requestPercentage}`;
}

/** Resources of the community's Kafka provider (Mongey/kafka). */
function terraform(rules: readonly AccessRule[], quotas: readonly UserQuota[]): string {
  const acls = rules.map((rule) => {
    const { principal, operation, resource, name, pattern } = rule;
    return `resource "kafka_acl" "${terraformName([principal, operation, resource, name])}" {
  acl_principal                = "${principal}"
  acl_host                     = "*"
  acl_operation                = "${operationWord(operation)}"
  acl_permission_type          = "Allow"
  resource_type                = "${operationWord(resource.toUpperCase() as AccessRule["operation"])}"
  resource_name                = "${name}"
  resource_pattern_type_filter = "${operationWord(pattern.toUpperCase() as AccessRule["operation"])}"
}`;
  });
  const limits = quotas.map(
    ({
      user,
      producerBytesPerSecond,
      consumerBytesPerSecond,
      requestPercentage,
    }) => `resource "kafka_quota" "${terraformName([user])}" {
  entity_name = "${user}"
  entity_type = "user"
  config = {
    "producer_byte_rate" = "${producerBytesPerSecond}"
    "consumer_byte_rate" = "${consumerBytesPerSecond}"
    "request_percentage" = "${requestPercentage}"
  }
}`,
  );
  return `${[...acls, ...limits].join("\n\n")}\n`;
}

function terraformName(words: readonly string[]): string {
  return words
    .join("_")
    .replace(/^User:/, "")
    .replace("*", "all")
    .replaceAll(/[^A-Za-z0-9]+/g, "_")
    .replace(/_$/, "")
    .toLowerCase();
}
