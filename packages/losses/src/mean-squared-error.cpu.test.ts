import { meanSquaredError } from './mean-squared-error.js';
import { examinePointwise } from './testing/exam.js';

examinePointwise('meanSquaredError', meanSquaredError);
