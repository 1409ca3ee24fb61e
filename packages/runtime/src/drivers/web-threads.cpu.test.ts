import { sessionExam } from '../testing/exam.js';
import { trainingExam } from '../testing/training-exam.js';

// One number of threads for a process: this file is one of its own.
sessionExam('web', { provider: 'wasm', threads: 2, externalData: false, refusedDtypes: ['bfloat16'] });
trainingExam({ provider: 'wasm', threads: 2 }, 1e-6);
