/** A data set that cannot be had: a file that is damaged or missing, a failed download. A bad argument is an `ArgumentError`. */
export class DatasetError extends Error {
  override readonly name = 'DatasetError';
}
