"""Event records as Google's protobuf runtime writes them, for packages/train/src/trackers.

tensorboard 2.21.0; no random numbers.
Run: python scripts/golden/tracker-records.py packages/train/src/trackers/fixtures/event-records.json
"""

import json
import struct
import sys

import tensorboard
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, types_pb2
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.plugins.hparams import plugin_data_pb2


def event(step=None, **fields):
    made = event_pb2.Event(wall_time=1763755200.25, **fields)
    if step is not None:
        made.step = step
    return made


def record(message):
    data = message.SerializeToString(deterministic=True)
    head = struct.pack("<Q", len(data))
    return (head + struct.pack("<I", masked_crc32c(head)) + data + struct.pack("<I", masked_crc32c(data))).hex()


def value(**fields):
    return summary_pb2.Summary(value=[summary_pb2.Summary.Value(**fields)])


def metadata(plugin, content=b""):
    data = summary_pb2.SummaryMetadata.PluginData(plugin_name=plugin, content=content)
    return summary_pb2.SummaryMetadata(plugin_data=data)


scalars = summary_pb2.Summary()
for tag, number in [("train/loss", 0.1), ("损失", float("inf")), ("nan", float("nan"))]:
    scalars.value.add(tag=tag, simple_value=number)

text = tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, string_val=["zwei 行\nø".encode()])
text.tensor_shape.dim.add(size=1)
histogram = summary_pb2.HistogramProto(
    min=0.5, max=4, num=5, sum=10, sum_squares=30, bucket_limit=[2, 4], bucket=[2, 3]
)
start = plugin_data_pb2.SessionStartInfo(group_name="g", start_time_secs=1763755200.25)
start.hparams["lr"].number_value = 2e-5

if __name__ == "__main__":
    restart = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
    with open(sys.argv[1], "w") as out:
        json.dump(
            {
                "written by": f"scripts/golden/tracker-records.py, tensorboard {tensorboard.__version__}",
                "version": record(event(file_version="brain.Event:2")),
                "restart": record(event(301, session_log=restart)),
                "scalars": record(event(300, summary=scalars)),
                "text": record(event(7, summary=value(tag="note", tensor=text, metadata=metadata("text")))),
                "histogram": record(event(2**40, summary=value(tag="lengths", histo=histogram))),
                "session_start_info": plugin_data_pb2.HParamsPluginData(session_start_info=start)
                .SerializeToString(deterministic=True)
                .hex(),
            },
            out,
            indent=1,
        )
        out.write("\n")
