export function buildStudio(): Promise<void>;
