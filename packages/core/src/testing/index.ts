export { type ContractCase, frameworkContract, noisyLoss } from './frameworkContract';
