export { COLLECTIVE_CASES, type CollectiveCase } from './collective-cases.js';
export { collectiveExam } from './collective-exam.js';
export { cudaAbsent } from './cuda-present.js';
export { type ExamOptions, sessionExam } from './exam.js';
export {
  type Genuine,
  type GenuineArtifacts,
  type GenuineSession,
  type GenuineTensor,
  openGenuine,
} from './genuine.js';
export { type MpiJob, mpiLaunchers, runMpiJob } from './mpi-job.js';
export {
  expectAsAlone,
  type Learned,
  learnAlone,
  learnOnRanks,
  likeSgd,
} from './ranked-training.js';
export { type TinyExternal, type TinyNode, type TinyValue, tinyModel } from './tiny-model.js';
export { trainingExam } from './training-exam.js';
