"""The column of a story's picture: JSON in the store, an ``Image`` in Python."""

from typing import Any

from sqlalchemy import JSON, Dialect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

from recommender.story_text import Image


class Picture(TypeDecorator[Image]):
    """An ``Image``, or SQL's NULL."""

    impl = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: Image | None, dialect: Dialect) -> Any:
        return None if value is None else value.document()

    def process_result_value(self, value: Any, dialect: Dialect) -> Image | None:
        return None if value is None else Image.from_document(value)
