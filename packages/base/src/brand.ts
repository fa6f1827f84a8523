declare const brand: unique symbol;

/** A nominal type: `Branded<number, "PriceTicks">` is a number that no other number can be passed for. */
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };
