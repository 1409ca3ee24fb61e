import { trainingExam } from '../testing/training-exam.js';

trainingExam({ provider: 'webgpu' }, 1e-4);
