/** The problems of the harm experiment that are tried with folds, and a factor of their epochs there. */
export const problemsOfFolds = {
  diabetes: { description: 'diabetes, 265 examples', of: 'diabetes', times: 1 },
  digits: { description: 'digits, 200 images', of: 'digits200', times: 1 },
  clothes: { description: 'Fashion-MNIST, 500 images', of: 'clothes', times: 1 },
  'diabetes-long': { description: 'diabetes, four times the steps', of: 'diabetes', times: 4 },
  'digits-long': { description: 'digits, four times the steps', of: 'digits200', times: 4 },
  'clothes-long': { description: 'Fashion-MNIST, four times the steps', of: 'clothes', times: 4 },
};
