/**
 * Orders two decimals exactly, without turning them into numbers. Both are as the platform writes prices: not negative,
 * no leading zeros, no trailing ones behind the point. Below zero: `a` is the smaller one.
 */
export function compareDecimals(a: string, b: string): number {
  if (a === b) return 0;
  const wholeA = wholeLength(a);
  const wholeB = wholeLength(b);
  if (wholeA !== wholeB) return wholeA - wholeB;
  // Of equally long whole parts the order of the text is the order of the numbers, and "1" is a prefix of "1.5".
  return a < b ? -1 : 1;
}

function wholeLength(text: string): number {
  const point = text.indexOf(".");
  return point === -1 ? text.length : point;
}
