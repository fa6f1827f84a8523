import { unreachable } from "@bourse/base";
import type {
  AccountCommand,
  AmendOrder,
  CancelOrder,
  CommandHead,
  ListSymbol,
  MassCancel,
  PlaceOrder,
  SymbolCommand,
} from "../commands.ts";
import type { Engine } from "../engine.ts";

/** A command as data. */
export type EngineCommand =
  | ({ readonly kind: "list" } & ListSymbol)
  | ({ readonly kind: "place" } & PlaceOrder)
  | ({ readonly kind: "amend" } & AmendOrder)
  | ({ readonly kind: "cancel" } & CancelOrder)
  | ({ readonly kind: "massCancel" } & MassCancel)
  | ({ readonly kind: "block" } & AccountCommand)
  | ({ readonly kind: "unblock" } & AccountCommand)
  | ({ readonly kind: "halt" } & SymbolCommand)
  | ({ readonly kind: "resume" } & SymbolCommand)
  | ({ readonly kind: "advanceTime" } & CommandHead)
  | ({ readonly kind: "void"; readonly handle: number } & CommandHead);

export function applyCommand(engine: Engine, command: EngineCommand): void {
  switch (command.kind) {
    case "list":
      engine.listSymbol(command);
      break;
    case "place":
      engine.place(command);
      break;
    case "amend":
      engine.amend(command);
      break;
    case "cancel":
      engine.cancel(command);
      break;
    case "massCancel":
      engine.massCancel(command);
      break;
    case "block":
      engine.blockAccount(command);
      break;
    case "unblock":
      engine.unblockAccount(command);
      break;
    case "halt":
      engine.halt(command);
      break;
    case "resume":
      engine.resume(command);
      break;
    case "advanceTime":
      engine.advanceTime(command);
      break;
    case "void":
      engine.voidCommand(command, command.handle);
      break;
    default:
      unreachable(command);
  }
}
