/** The learning rate of θ's optimizer, Adam, for two inputs and for wider tables. */
export const LEARNING_RATE = 0.01;
export const TABLE_LEARNING_RATE = 0.003;
export const BATCH_SIZE = 32;

/** The number of draws in the averaged prediction whose loss is measured. */
export const MEASURED_DRAWS = 16;
