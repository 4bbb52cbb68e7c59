"""One config of a model folder, read field by field. A value of the wrong type or out of range is reported by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from splitreel.contract import reasons
from splitreel.contract.errors import Reason, SplitreelError

Json: TypeAlias = object

# Far above every existing model, and small enough that counting anything built from it is fast.
MAX_COUNT: Final = 1_000_000


Refusal: TypeAlias = Literal["MODEL_CORRUPT", "MODEL_INCOMPLETE", "MODEL_UNSAFE", "MODEL_UNSUPPORTED"]


def refuse(code: Refusal, reason: Reason, *, details: str | None = None) -> SplitreelError:
    """`code` with one reason as its sentence. The error also carries the file as a parameter, for code that acts on it."""
    named = reason.params.get("file", reason.params.get("folder"))
    file = {} if named is None else {"file": named}
    return SplitreelError(code, file, reasons=[reason], details=details)


@dataclass(frozen=True, slots=True)
class Config:
    file: str
    fields: Mapping[str, Json]

    @classmethod
    def of(cls, file: str, raw: Json) -> Config:
        if not isinstance(raw, dict):
            raise refuse("MODEL_CORRUPT", reasons.model_json_no_object(file=file))
        return cls(file, raw)

    def count(self, name: str, default: int | None = None, *, least: int = 1, most: int = MAX_COUNT) -> int:
        """A whole number, which JSON may write as 16.0. A missing or null value is `default`."""
        value = self.fields.get(name)
        value = default if value is None else value
        is_whole = type(value) is int or (isinstance(value, float) and value.is_integer())
        if not is_whole or not least <= value <= most:  # type: ignore[operator]
            raise refuse("MODEL_CORRUPT", reasons.model_field_count(file=self.file, field=name, min=least, max=most))
        return int(value)  # type: ignore[call-overload, no-any-return]

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.fields.get(name)
        value = default if value is None else value
        if not isinstance(value, bool):
            raise refuse("MODEL_CORRUPT", reasons.model_field_flag(file=self.file, field=name))
        return value

    def text(self, name: str, default: str | None = None) -> str:
        value = self.fields.get(name)
        value = default if value is None else value
        if not isinstance(value, str):
            raise refuse("MODEL_CORRUPT", reasons.model_field_text(file=self.file, field=name))
        return value

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        value = self.fields.get(name)
        value = default if value is None else value
        if type(value) not in {int, float} or not least <= value <= most:  # type: ignore[operator]
            raise refuse("MODEL_CORRUPT", reasons.model_field_number(file=self.file, field=name, min=least, max=most))
        return float(value)  # type: ignore[arg-type]

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise refuse("MODEL_UNSUPPORTED", reasons.model_field_choice(file=self.file, field=name, choices=choices))
        return value

    def counts(self, name: str, *, most_entries: int) -> tuple[int, ...]:
        values = self.fields.get(name)
        if not isinstance(values, list) or not 1 <= len(values) <= most_entries:
            raise refuse("MODEL_CORRUPT", reasons.model_field_list(file=self.file, field=name, min=1, max=most_entries))
        return tuple(Config(self.file, {name: value}).count(name) for value in values)

    def need_class(self, allowed: frozenset[str]) -> None:
        """Raises MODEL_UNSUPPORTED for a `_class_name` that is not in the list."""
        found = self.text("_class_name")
        if found not in allowed:
            raise refuse("MODEL_UNSUPPORTED", reasons.model_class_unknown(file=self.file, class_name=found[:80]))

    def disagrees(self, name: str, found: int, expected: int, other: str) -> SplitreelError:
        """The error for two configs that contradict each other. `other`: the file that `expected` comes from."""
        return refuse(
            "MODEL_UNSUPPORTED",
            reasons.model_configs_disagree(file=self.file, field=name, found=found, expected=expected, other=other),
        )
