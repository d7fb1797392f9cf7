/** Height, width and channels of an image. */
export const IMAGE_SHAPE = [28, 28, 1] as const;

/** The learned ranges. Each starts at the package's default, which is more than most data need. */
export const AUGMENTATION = { translate: true, rotate: true, scale: true } as const;
