import { sessionExam } from '../testing/exam.js';

sessionExam('web', { provider: 'webgpu', threads: 1, externalData: false, refusedDtypes: ['bfloat16'] });
