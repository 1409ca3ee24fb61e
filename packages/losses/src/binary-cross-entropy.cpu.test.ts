import { binaryCrossEntropy } from './binary-cross-entropy.js';
import { examinePointwise } from './testing/exam.js';

examinePointwise('binaryCrossEntropy', binaryCrossEntropy);
