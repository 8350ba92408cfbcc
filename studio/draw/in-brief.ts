/** To a hundredth of the sd, as far as numbers go; dots where it is not known. */
export function inBrief(value: number, sd: number): string {
  if (Number.isNaN(value)) return "…";
  const digits = sd > 0 ? Math.min(20, Math.max(0, 1 - Math.floor(Math.log10(sd)))) : 3;
  return value.toFixed(digits);
}
