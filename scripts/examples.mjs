/** Examples that consist of one file. The rehearsal copies each into an empty folder and runs it there. */
export const singleFileExamples = ['basic', 'text', 'tabular'];
