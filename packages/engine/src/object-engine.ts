import type { Steps } from "@bourse/base";
import { COMMAND, COMMAND_WORDS } from "./binary/command-layout.ts";
import { CommandWords } from "./binary/encode-command.ts";
import { DEFAULT_RING_WORDS, EventRing } from "./binary/event-ring.ts";
import { readEvents } from "./binary/read-events.ts";
import { BinaryEngine } from "./binary-engine.ts";
import type {
  AccountCommand,
  AmendOrder,
  CancelByClientId,
  CancelOrder,
  CommandHead,
  ListSymbol,
  MassCancel,
  PlaceOrder,
  ReplaceOrder,
  SessionCommand,
  SetAccountGroup,
  SetBands,
  SetLimits,
  SetPosition,
  SymbolCommand,
} from "./commands.ts";
import type { Engine } from "./engine.ts";
import type { EventSink } from "./events.ts";
import type { EngineLimits, EngineState } from "./state.ts";

/** The engine with objects: commands are encoded to words, events are decoded for a sink. */
export class ObjectEngine extends BinaryEngine implements Engine {
  readonly #sink: EventSink;
  readonly #words = new CommandWords(COMMAND_WORDS);

  constructor(limits: EngineLimits, sink: EventSink, tellsOrders: boolean) {
    super(limits, new EventRing(DEFAULT_RING_WORDS, (full) => readEvents(full, sink)), tellsOrders);
    this.#sink = sink;
  }

  static *restoreSteps(state: EngineState, sink: EventSink): Steps<ObjectEngine> {
    const engine = new ObjectEngine(state.limits, sink, false);
    yield* engine.loadSteps(state);
    return engine;
  }

  place(command: PlaceOrder): void {
    this.#words.place(command, command);
    this.#run();
  }

  amend(command: AmendOrder): void {
    this.#words.amend(command, command.handle, command.priceTicks, command.quantityLots);
    this.#run();
  }

  cancel(command: CancelOrder): void {
    this.#words.cancel(command, command.handle);
    this.#run();
  }

  cancelByClientId(command: CancelByClientId): void {
    this.#words.ofAccount(COMMAND.CANCEL_BY_CLIENT_ID, command, 0, command.account, 0, command.clientId);
    this.#run();
  }

  replace(command: ReplaceOrder): void {
    this.#words.replace(command);
    this.#run();
  }

  closeSession(command: SessionCommand): void {
    this.#words.plain(COMMAND.CLOSE_SESSION, command, 0, [command.session]);
    this.#run();
  }

  setAccountGroup(command: SetAccountGroup): void {
    this.#words.ofAccount(COMMAND.SET_GROUP, command, 0, command.account, 0, command.group);
    this.#run();
  }

  setPosition(command: SetPosition): void {
    this.#words.ofAccount(COMMAND.SET_POSITION, command, command.symbol, command.account, 0, command.lots);
    this.#run();
  }

  cancelOnly(command: SymbolCommand): void {
    this.#words.plain(COMMAND.CANCEL_ONLY, command, command.symbol, []);
    this.#run();
  }

  setBands(command: SetBands): void {
    const { lowerTicks, upperTicks, limitStateMs } = command;
    this.#words.plain(COMMAND.SET_BANDS, command, command.symbol, [lowerTicks, upperTicks, limitStateMs]);
    this.#run();
  }

  massCancel(command: MassCancel): void {
    this.#words.ofAccount(COMMAND.MASS_CANCEL, command, command.symbol, command.account, command.side, 0);
    this.#run();
  }

  blockAccount(command: AccountCommand): void {
    this.#words.ofAccount(COMMAND.BLOCK, command, 0, command.account, 0, 0);
    this.#run();
  }

  unblockAccount(command: AccountCommand): void {
    this.#words.ofAccount(COMMAND.UNBLOCK, command, 0, command.account, 0, 0);
    this.#run();
  }

  listSymbol(command: ListSymbol): void {
    const { symbol, maxPriceTicks, maxQuantityLots } = command;
    this.#words.plain(COMMAND.LIST, command, symbol, [maxPriceTicks, maxQuantityLots]);
    this.#run();
  }

  setLimits(command: SetLimits): void {
    const { symbol, maxPriceTicks, maxQuantityLots } = command;
    this.#words.plain(COMMAND.SET_LIMITS, command, symbol, [maxPriceTicks, maxQuantityLots]);
    this.#run();
  }

  halt(command: SymbolCommand): void {
    this.#words.plain(COMMAND.HALT, command, command.symbol, []);
    this.#run();
  }

  resume(command: SymbolCommand): void {
    this.#words.plain(COMMAND.RESUME, command, command.symbol, []);
    this.#run();
  }

  advanceTime(command: CommandHead): void {
    this.#words.plain(COMMAND.ADVANCE_TIME, command, 0, []);
    this.#run();
  }

  voidCommand(command: CommandHead, handle: number): void {
    this.#words.plain(COMMAND.VOID, command, 0, [handle]);
    this.#run();
  }

  override passTime(atMs: number): void {
    super.passTime(atMs);
    readEvents(this.events, this.#sink);
  }

  override work(maxOrders: number): number {
    const visited = super.work(maxOrders);
    readEvents(this.events, this.#sink);
    return visited;
  }

  #run(): void {
    this.run(this.#words);
    this.#words.clear();
    readEvents(this.events, this.#sink);
  }
}
