export const chromiumPath: string | undefined;
export const noChromium: string;
