export type { BackendName, PassedOver, PassedOverCause } from './candidate';
export { type BackendChoice, type BackendOptions, useBestBackend } from './useBestBackend';
