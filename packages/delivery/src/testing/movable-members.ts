import type { EventBus, GroupConsumer, OutgoingRecord } from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import { busWith } from "./bus-with.ts";
import { sendAll } from "./fixtures.ts";

/** A bus whose group members can be put elsewhere, as a log that lost its end and was filled again puts them. */
export interface MovableMembers {
  readonly on: EventBus;
  /** The records come, and every member goes on at `offset`: what is before it there was never delivered. */
  moveBehind(offset: bigint, topic: Topic, records: readonly OutgoingRecord[]): Promise<void>;
}

export function movableMembers(bus: EventBus): MovableMembers {
  const members: GroupConsumer[] = [];
  const consume: EventBus["consume"] = async (options) => {
    const member = await bus.consume(options);
    members.push(member);
    return member;
  };
  return {
    on: busWith(bus, { consume }),
    moveBehind: async (offset, topic, records) => {
      const at = { topic: topic.name, partition: 0 };
      for (const member of members) member.pause(at);
      await sendAll(bus, topic, 0, records);
      for (const member of members) {
        member.seek(at, offset);
        member.resume(at);
      }
    },
  };
}
