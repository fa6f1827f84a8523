export { machineTimer } from "./testing/machine-timer.ts";
export { type TestEvent, testProducer } from "./testing/test-producer.ts";
export type { TestEnd, TestRuntime, TestRuntimeOptions } from "./testing/test-runtime.ts";
export { TEST_TOKEN, testRuntime } from "./testing/test-runtime.ts";
export type {
  PeerStub,
  PublishedEvent,
  TestAnswer,
  TestedService,
  TestRequest,
  TestServiceOptions,
} from "./testing/test-service.ts";
export { testService } from "./testing/test-service.ts";
