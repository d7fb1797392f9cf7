/** Of θ's optimizer, Adam: for two inputs, and for tables of many. */
export const LEARNING_RATE = 0.01;
export const TABLE_LEARNING_RATE = 0.003;
export const BATCH_SIZE = 32;

/** Draws that a prediction is the average of, where a loss is measured. */
export const MEASURED_DRAWS = 16;
