import { unreachable } from "@bourse/base";
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
} from "../commands.ts";
import type { Engine } from "../engine.ts";

/** A command as data. */
export type EngineCommand =
  | ({ readonly kind: "list" } & ListSymbol)
  | ({ readonly kind: "setLimits" } & SetLimits)
  | ({ readonly kind: "place" } & PlaceOrder)
  | ({ readonly kind: "amend" } & AmendOrder)
  | ({ readonly kind: "cancel" } & CancelOrder)
  | ({ readonly kind: "massCancel" } & MassCancel)
  | ({ readonly kind: "block" } & AccountCommand)
  | ({ readonly kind: "unblock" } & AccountCommand)
  | ({ readonly kind: "halt" } & SymbolCommand)
  | ({ readonly kind: "resume" } & SymbolCommand)
  | ({ readonly kind: "advanceTime" } & CommandHead)
  | ({ readonly kind: "replace" } & ReplaceOrder)
  | ({ readonly kind: "cancelByClientId" } & CancelByClientId)
  | ({ readonly kind: "closeSession" } & SessionCommand)
  | ({ readonly kind: "setAccountGroup" } & SetAccountGroup)
  | ({ readonly kind: "setPosition" } & SetPosition)
  | ({ readonly kind: "cancelOnly" } & SymbolCommand)
  | ({ readonly kind: "setBands" } & SetBands)
  | ({ readonly kind: "void"; readonly handle: number } & CommandHead);

export function applyCommand(engine: Engine, command: EngineCommand): void {
  switch (command.kind) {
    case "list":
      engine.listSymbol(command);
      break;
    case "setLimits":
      engine.setLimits(command);
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
    case "replace":
      engine.replace(command);
      break;
    case "cancelByClientId":
      engine.cancelByClientId(command);
      break;
    case "closeSession":
      engine.closeSession(command);
      break;
    case "setAccountGroup":
      engine.setAccountGroup(command);
      break;
    case "setPosition":
      engine.setPosition(command);
      break;
    case "cancelOnly":
      engine.cancelOnly(command);
      break;
    case "setBands":
      engine.setBands(command);
      break;
    case "void":
      engine.voidCommand(command, command.handle);
      break;
    default:
      unreachable(command);
  }
}
