import { groupSoftmax } from './group-softmax.js';
import { examineGroup } from './testing/exam.js';

examineGroup('groupSoftmax', groupSoftmax, { teacher: false });
examineGroup('groupSoftmax with teacher', groupSoftmax);
