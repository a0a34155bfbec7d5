"""What a domain needs from a data set: columns by role. Validation, upload form and help text all follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a column is for, in every domain's words."""

    ID = "id"
    LABEL = "label"
    TIME = "time"
    AMOUNT = "amount"
    ENTITY = "entity"
    COUNTERPARTY = "counterparty"
    UNIT = "unit"  # rows of one unit (a patient) stay on one side of a split
    USER = "user"
    ITEM = "item"
    SERIES = "series"
    VALUE = "value"
    IMAGE = "image"
    GROUP = "group"
    FEATURE = "feature"
    HISTORY = "history"  # running aggregates that the reader derives
    PAST = "past"  # covariates of a series that are known only as time goes by (weather as measured)
    FUTURE = "future"  # covariates that are known ahead (holidays, planned prices)

    @classmethod
    def new(cls, name: str) -> Role:
        """Return the role of that name, and make it where there is none: another kind of row may need one of its own.

        Examples
        --------
        >>> Role.new("text") is Role("text"), Role.new("label") is Role.LABEL
        (True, True)
        """
        if name not in cls._value2member_map_:
            role = str.__new__(cls, name)
            role._name_, role._value_ = name.upper(), name
            cls._value2member_map_[name] = role
        return cls(name)


ARRAYS = (Role.IMAGE,)  # roles that name an array beside the table rather than a column of it


@dataclass(frozen=True)
class Field:
    """One role in a schema.

    Parameters
    ----------
    role : Role
    kind : str
        ``"image"``, ``"category"``, ``"number"``, ``"time"`` or ``"text"``.
    required : bool
    many : bool
        Whether several columns may have the role (groups, features).
    unit : str
        Unit of a quantity, or empty.
    help : str
        One line for the form.
    names : tuple of str
        Lower-case column names by which the role is guessed.
    """

    role: Role
    kind: str
    required: bool = False
    many: bool = False
    unit: str = ""
    help: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Schema:
    """The fields of a domain, in the order a form shows them."""

    fields: tuple[Field, ...]

    def field(self, role: Role) -> Field | None:
        """Return the field of ``role``, or None if the domain does not use it."""
        return next((field for field in self.fields if field.role == role), None)

    def guess(self, columns: list[str]) -> dict[Role, tuple[str, ...]]:
        """Return roles for the columns whose names the schema knows; each column gets at most one role."""
        free = {column.strip().lower().replace(" ", "_"): column for column in columns}
        roles: dict[Role, tuple[str, ...]] = {}
        for field in self.fields:
            found = [free.pop(name) for name in field.names if name in free]
            if found and not field.many:
                free.update({column.strip().lower().replace(" ", "_"): column for column in found[1:]})
                found = found[:1]
            if found:
                roles[field.role] = tuple(found)
        return roles
