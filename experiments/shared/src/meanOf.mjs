/** The mean of numbers, with its standard error if there are several. */
export function meanOf(numbers, digits = 3) {
  const mean = numbers.reduce((a, b) => a + b) / numbers.length;
  if (numbers.length === 1) return mean.toFixed(digits);
  const variance = numbers.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (numbers.length - 1);
  return `${mean.toFixed(digits)} ± ${Math.sqrt(variance / numbers.length).toFixed(digits)}`;
}
