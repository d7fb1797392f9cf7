import { Matrix } from 'ml-matrix';

/**
 * The triangle R of A = QR: RᵀR = AᵀA without the products of A, which keep only half of its digits. Columns of A beyond the
 * first `size` are rotated along: they become those of QᵀA. One row after the other, by Givens rotations, which also suit rows
 * that differ by many orders of magnitude.
 */
export function triangularFactor(a: Matrix, size = a.columns): Matrix {
  const factor = Array.from({ length: size }, () => new Float64Array(a.columns));
  for (let i = 0; i < a.rows; i++) {
    const row = a.getRow(i);
    factor.forEach((above, k) => {
      if (row[k] === 0) return;
      const length = Math.hypot(above[k], row[k]);
      const [cosine, sine] = [above[k] / length, row[k] / length];
      for (let j = k; j < row.length; j++) {
        const [p, q] = [above[j], row[j]];
        above[j] = cosine * p + sine * q;
        row[j] = cosine * q - sine * p;
      }
    });
  }
  return new Matrix(factor);
}
