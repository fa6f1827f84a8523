/** Items of `POST /api/v1/orders/batch`, as a replay sends them. */
export type OrderItem = PlaceItem | AmendItem | CancelItem;

export interface PlaceItem {
  readonly action: "PLACE";
  readonly accountId: string;
  readonly symbol: string;
  readonly side: "BUY" | "SELL";
  readonly orderType: "LIMIT";
  readonly timeInForce: "GTC" | "IOC";
  readonly quantity: string;
  readonly price: string;
  readonly clientOrderId: string;
}

export interface AmendItem {
  readonly action: "AMEND";
  readonly accountId: string;
  readonly clientOrderId: string;
  readonly idempotencyKey: string;
  /** The new total, fills included. */
  readonly quantity: string;
}

export interface CancelItem {
  readonly action: "CANCEL";
  readonly accountId: string;
  readonly clientOrderId: string;
  readonly idempotencyKey: string;
}

/** An execution against a hidden order: on the tape and nowhere else. */
export interface PrintItem {
  readonly printId: string;
  readonly price: string;
  readonly quantity: string;
  readonly aggressorSide?: "BUY" | "SELL";
}
