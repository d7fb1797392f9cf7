/**
 * The Cholesky factor of a symmetric positive definite matrix that gains and loses one row and column at a time, in O(k²) each.
 * A path that changes its active set one by one needs this, and general libraries lack it. Tested against such a library.
 */
export class GrowingCholesky {
  /** Row i of the lower triangle, i + 1 numbers. */
  private readonly rows: Float64Array[] = [];

  get size(): number {
    return this.rows.length;
  }

  /**
   * Adds a last row and column.
   *
   * @param column - the new column above the diagonal.
   * @returns false, and adds nothing, if the column depends on the present ones: less than `tolerance` of its diagonal entry
   *   remains.
   */
  append(column: ArrayLike<number>, diagonal: number, tolerance = 1e-10): boolean {
    const { rows } = this;
    const row = new Float64Array(rows.length + 1);
    let rest = diagonal;
    for (let i = 0; i < rows.length; i++) {
      const above = rows[i];
      let v = column[i];
      for (let j = 0; j < i; j++) v -= above[j] * row[j];
      row[i] = v / above[i];
      rest -= row[i] * row[i];
    }
    if (!(rest > tolerance * diagonal)) return false;
    row[rows.length] = Math.sqrt(rest);
    rows.push(row);
    return true;
  }

  /** Removes row and column `index`: Givens rotations make the rest triangular again. */
  remove(index: number): void {
    const { rows } = this;
    rows.splice(index, 1);
    for (let k = index; k < rows.length; k++) {
      // Row k has one number too many, at k + 1: rotate columns k and k + 1 to put it to zero.
      const [a, b] = [rows[k][k], rows[k][k + 1]];
      const length = Math.hypot(a, b);
      const [cosine, sine] = [a / length, b / length];
      for (let i = k; i < rows.length; i++) {
        const [left, right] = [rows[i][k], rows[i][k + 1]];
        rows[i][k] = cosine * left + sine * right;
        rows[i][k + 1] = cosine * right - sine * left;
      }
      rows[k] = rows[k].slice(0, k + 1);
    }
  }

  /** The solution of A x = b. */
  solve(b: ArrayLike<number>): Float64Array {
    const { rows } = this;
    const x = Float64Array.from(b);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      let v = x[i];
      for (let j = 0; j < i; j++) v -= row[j] * x[j];
      x[i] = v / row[i];
    }
    for (let i = rows.length - 1; i >= 0; i--) {
      const row = rows[i];
      const v = x[i] / row[i];
      x[i] = v;
      for (let j = 0; j < i; j++) x[j] -= row[j] * v;
    }
    return x;
  }
}
