"""The store's JSON columns: documents as text and back.

Every copy is planned into documents and made from them, so the fast library does it. What that one
refuses, half characters (lone surrogates), the standard library takes.
"""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

Value = TypeVar("Value")
_ENCODER, _DECODER = msgspec.json.Encoder(), msgspec.json.Decoder()


Text = msgspec.Raw
"""A document that is JSON already (UTF-8): ``dump`` takes it as it is."""


def dump(value: object) -> str:
    """``value`` as JSON. Raises TypeError for what JSON has no form for."""
    try:
        return _ENCODER.encode(value).decode()
    except ValueError:
        return json.dumps(value)


def load(text: str | bytes) -> Any:  # whatever the document is
    """The value of a JSON text. Raises ValueError for what is none."""
    try:
        return _DECODER.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)


def reader(kind: type[Value]) -> Callable[[str], Value]:
    """What reads the text of a document of one kind, straight into values of that type and without
    what they leave aside. It raises ValueError for any other document."""
    decoder = msgspec.json.Decoder(kind)

    def read(text: str) -> Value:
        try:
            return decoder.decode(text)
        except msgspec.DecodeError:
            return msgspec.convert(load(text), kind)

    return read


READ_AND_WRITE: dict[str, Callable[[Any], Any]] = {
    "json_serializer": dump,
    "json_deserializer": load,
}
"""As ``sqlalchemy.create_engine`` wants them."""
