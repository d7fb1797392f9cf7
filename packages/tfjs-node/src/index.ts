export { ArgumentError } from '../../../common/argumentError';
export type { BackendName, SkipCause, SkippedBackend } from './candidate';
export { type BackendChoice, type BackendOptions, useBestBackend } from './useBestBackend';
