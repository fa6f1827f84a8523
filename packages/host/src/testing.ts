export { machineTimer } from "./testing/machine-timer.ts";
export { type TestEvent, testProducer } from "./testing/test-producer.ts";
export type {
  PeerStub,
  PublishedEvent,
  TestAnswer,
  TestedService,
  TestRequest,
  TestServiceOptions,
} from "./testing/test-service.ts";
export { testService } from "./testing/test-service.ts";
