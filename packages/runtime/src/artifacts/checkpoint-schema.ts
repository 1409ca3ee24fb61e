/**
 * Field ids of ONNX Runtime's training checkpoint (`checkpoint.fbs` and `ort.fbs` of onnxruntime 1.17–1.21, version 2),
 * one object per table; an id is the field's place in the schema.
 */
export const schema = {
  checkpoint: { version: 0, moduleState: 1, optimizerGroups: 2, propertyBag: 3 },
  moduleState: { requiresGradParams: 0, frozenParams: 1, isNominalState: 2, hasExternalData: 3 },
  optimizerGroup: { groupName: 0, step: 1, initialLearningRate: 2, optimizerStates: 3 },
  parameterOptimizerState: { paramName: 0, momentums: 1 },
  propertyBag: { ints: 0, floats: 1, strings: 2 },
  /** IntProperty, FloatProperty and StringProperty alike. */
  property: { name: 0, value: 1 },
  tensor: { name: 0, docString: 1, dims: 2, dataType: 3, rawData: 4, stringData: 5, externalDataOffset: 6 },
} as const;

/** Bytes 4 to 7 of the file. */
export const checkpointIdentifier = 'ODTC';

/** The only version that onnxruntime 1.19 reads: 1 and 3 are refused there. */
export const checkpointVersion = 2;

/** A tensor's `external_data_offset` when its data is in the file. */
export const noExternalData = -1n;

/** Axes of a tensor that the reader accepts; a parameter has one to four. */
export const maxRank = 64;
