export { ArgumentError } from '../../../common/argumentError';
export { accuracy } from './accuracy';
export type { Bin, BinOptions } from './bins';
export { type BootstrapInterval, type BootstrapOptions, bootstrapInterval } from './bootstrap';
export { type BrierDecomposition, brierDecomposition, brierScore } from './brierScore';
export {
  type CalibrationErrorOptions,
  expectedCalibrationError,
  maximumCalibrationError,
} from './calibrationError';
export { type Evaluation, evaluate } from './evaluate';
export { type NegativeLogLikelihoodOptions, negativeLogLikelihood } from './negativeLogLikelihood';
export type { Labels, Rows } from './predictions';
export { type ReliabilityCurveOptions, reliabilityCurve } from './reliabilityCurve';
export { type ReliabilityDiagramOptions, reliabilityDiagram } from './reliabilityDiagram';
export { logitsOf, softmax } from './softmax';
export { type TemperatureScaling, temperatureScaling } from './temperatureScaling';
export { type VectorScaling, vectorScaling } from './vectorScaling';
