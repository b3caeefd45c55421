import io
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from genlab.runtime import messages
from genlab.runtime.messages import (
    MAX_VECTORS,
    ClientMessageError,
    Decode,
    PacketError,
    Record,
    RunStatus,
    Subscribe,
    decode,
    encode,
    parse_client_message,
    read_record,
    write_record,
)

ARRAYS = st.one_of(
    *(
        arrays_of.arrays(dtype, arrays_of.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5))
        for dtype in (np.float32, np.float64, np.uint8, np.int32)
    )
)


@given(st.dictionaries(st.text(max_size=8), ARRAYS, max_size=4), st.text(max_size=30))
def test_a_packet_gives_back_what_went_in(arrays, text):
    header, back = decode(encode({"text": text}, arrays))
    assert header["text"] == text
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype and back[name].shape == array.shape
        assert np.array_equal(back[name], array, equal_nan=array.dtype.kind == "f")


@given(st.text(max_size=20), st.integers(1, 9))
def test_every_array_starts_at_a_multiple_of_eight_bytes(text, n):
    """A browser's Float64Array over the message refuses any other start."""
    packet = encode({"text": text}, {"a": np.zeros(n, np.uint8), "b": np.zeros(n, np.float64)})
    (length,) = struct.unpack_from("<I", packet)
    header = json.loads(packet[4 : 4 + length])
    assert (4 + length) % 8 == 0
    assert all(about["offset"] % 8 == 0 for about in header["arrays"].values())


def test_numbers_that_are_not_finite_reach_the_browser_as_null():
    packet = encode({"last": {"loss": float("nan"), "kl": [float("inf"), 1.5]}, "status": RunStatus.DIVERGED})
    (length,) = struct.unpack_from("<I", packet)

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    header = json.loads(packet[4 : 4 + length], parse_constant=refuse)
    assert header["last"] == {"loss": None, "kl": [None, 1.5]}
    assert header["status"] == "diverged"


def test_arrays_of_other_kinds_are_refused():
    with pytest.raises(PacketError, match="array flags has dtype bool: allowed is f4, f8, u1, i4"):
        encode({}, {"flags": np.zeros(3, bool)})


@given(st.binary(max_size=60))
def test_bytes_that_are_no_packet_are_said_to_be_none(rubbish):
    try:
        decode(rubbish)
    except PacketError as error:
        assert "\n" not in str(error)


def test_a_truncated_packet_is_refused():
    packet = encode({"kind": "frame"}, {"a": np.arange(10.0)})
    with pytest.raises(PacketError):
        decode(packet[:-9])


def test_records_pass_a_pipe_in_order_and_end_with_it():
    pipe = io.BytesIO()
    write_record(pipe, Record.COMMAND, "run-1234", b"first")
    write_record(pipe, Record.FRAME, "0123456789abcdef", b"")
    pipe.seek(0)
    assert read_record(pipe) == (Record.COMMAND, "run-1234", b"first")
    assert read_record(pipe) == (Record.FRAME, "0123456789abcdef", b"")
    assert read_record(pipe) is None


def test_a_record_cut_short_counts_as_the_end():
    pipe = io.BytesIO()
    write_record(pipe, Record.FRAME, "run-1234", b"0123456789")
    assert read_record(io.BytesIO(pipe.getvalue()[:-1])) is None


def decode_of(z) -> str:
    return json.dumps({"type": "decode", "id": 1, "z": z})


def test_a_browser_may_subscribe_decode_and_answer_pings():
    assert parse_client_message('{"type":"streams","streams":["history","field"]}').streams == ["history", "field"]
    assert parse_client_message('{"type":"decode","id":3,"z":[0.5,-1]}') == Decode(type="decode", id=3, z=[0.5, -1.0])
    assert parse_client_message('{"type":"decode","id":4,"z":[[0.5,-1],[0,2]]}').z == [[0.5, -1.0], [0.0, 2.0]]
    assert len(parse_client_message(decode_of([[0.25] * 64] * MAX_VECTORS)).z) == MAX_VECTORS
    assert parse_client_message('{"type":"rate","hz":20}').hz == 20
    assert parse_client_message('{"type":"look","step":400}').step == 400
    assert parse_client_message('{"type":"look","step":null}').step is None
    assert parse_client_message('{"type":"pong"}').type == "pong"
    assert Subscribe(type="streams", streams=list(messages.STREAMS)).streams


@pytest.mark.parametrize(
    "text",
    [
        "rubbish",
        "[]",
        "{}",
        '{"type":"play"}',
        '{"type":"streams","streams":["passwords"]}',
        '{"type":"streams","streams":"history"}',
        '{"type":"streams","streams":[' + ",".join(['"history"'] * 100) + "]}",
        '{"type":"rate","hz":1000}',
        '{"type":"rate","hz":"5"}',
        '{"type":"rate","hz":NaN}',
        '{"type":"decode","id":1,"z":[]}',
        '{"type":"decode","id":1,"z":[1e999]}',
        '{"type":"decode","id":1,"z":[[]]}',
        '{"type":"decode","id":1,"z":[[0,1],[1e999,0]]}',
        '{"type":"decode","id":1,"z":[[0,1],0]}',
        '{"type":"decode","id":1,"z":[0,[0,1]]}',
        decode_of([[0.0]] * (MAX_VECTORS + 1)),
        decode_of([[0.0] * 65]),
        '{"type":"decode","id":1.5,"z":[0]}',
        '{"type":"look"}',
        '{"type":"look","step":-1}',
        '{"type":"look","step":"now"}',
        '{"type":"look","step":1e30}',
        '{"type":"decode","id":1,"z":[0],"more":1}',
        '{"type":"decode","id":1,"z":' + "[" * 500 + "]" * 500 + "}",
    ],
)
def test_whatever_else_a_browser_says_is_refused_in_one_line(text):
    with pytest.raises(ClientMessageError) as refused:
        parse_client_message(text)
    assert str(refused.value) and "\n" not in str(refused.value)
