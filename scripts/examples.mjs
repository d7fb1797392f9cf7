/** Examples of one file, which the rehearsal copies into an empty folder and runs there. */
export const singleFileExamples = ['basic', 'text', 'tabular'];
