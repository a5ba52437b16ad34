"""What the owner of a table says about its columns: what they hold and what they are for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import QueryDict

from training.models.dataset import Dataset
from training.problem.column_roles import (
    FEATURE,
    GROUP,
    IGNORE,
    KEYS,
    ROLES,
    TARGET,
    TIME,
    Roles,
    roles_of,
)
from training.problem.problem_type import TargetError
from training.tables.schema import ID, INDEX, KINDS, Column


def resembles_id(column: Column) -> bool:
    """Return whether a column is left out unless its owner says that it is a feature."""
    return bool({ID, INDEX}.intersection(column.hints))


def _roles_beside_target(dataset: Dataset) -> dict[str, str]:
    return {name: role for name, role in roles_of(dataset.options).items() if role != TARGET}


def with_one_target(sent: QueryDict, dataset: Dataset) -> QueryDict:
    """Return what a page sent with the same target in its list and among the roles.

    Either can be changed, and without scripts the other one stays behind: what differs from the
    target that the page showed (`shown_target`) is what was meant.
    """
    if "shown_target" not in sent or "role0" not in sent:
        return sent
    fields = {column.name: f"role{n}" for n, column in enumerate(dataset.preview.columns)}
    shown, chosen = str(sent["shown_target"]), str(sent.get("target", ""))
    if chosen == shown:
        by_role = [name for name, field in fields.items() if sent.get(field) == TARGET]
        chosen = next((name for name in by_role if name != shown), shown)
    agreed = sent.copy()
    agreed["target"] = chosen
    if chosen != shown:
        freed = next((column for column in dataset.preview.columns if column.name == shown), None)
        if freed and sent.get(fields[shown]) == TARGET:
            agreed[fields[shown]] = IGNORE if resembles_id(freed) else FEATURE
    free = (FEATURE, IGNORE) if chosen != shown else (FEATURE,)
    if chosen in fields and sent.get(fields[chosen]) in free:
        agreed[fields[chosen]] = TARGET
    return agreed


class ColumnsForm(forms.Form):
    """A kind and a role for each column; `target` is the one that the page proposes."""

    def __init__(self, *args: Any, dataset: Dataset, target: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dataset = dataset
        self.found = dataset.preview.columns
        roles = {**_roles_beside_target(dataset), **({target: TARGET} if target else {})}
        for number, column in enumerate(dataset.columns):
            self.fields[f"kind{number}"] = forms.ChoiceField(
                choices=[(kind, kind) for kind in KINDS],
                initial=column.kind,
                widget=forms.Select(attrs={"aria-label": f"Kind of {column.name}"}),
            )
            self.fields[f"role{number}"] = forms.ChoiceField(
                choices=ROLES,
                initial=roles.get(column.name, IGNORE if resembles_id(column) else FEATURE),
                widget=forms.Select(
                    attrs={"aria-label": f"Role of {column.name}", "data-role-of": column.name}
                ),
            )

    @property
    def rows(self) -> Iterator[tuple[Column, Any, Any]]:
        """Each column with its two fields."""
        for number, column in enumerate(self.dataset.columns):
            yield column, self[f"kind{number}"], self[f"role{number}"]

    def clean(self) -> dict[str, Any]:
        """Refuse two targets, and roles that do not fit their columns."""
        data: dict[str, Any] = super().clean() or {}
        if self.errors:
            return data
        options = self.options
        for role, word in KEYS.items():
            names = [name for name, chosen in self._chosen("role") if chosen == role]
            if len(names) > 1:
                self.add_error(
                    None, f"Only one column can be the {word}; “{names[0]}” and “{names[1]}” are."
                )
                return data
        try:
            Roles.of(options).check(self.dataset.columns_as(options), options["target"] or "")
        except TargetError as error:
            self.add_error(None, str(error))
        return data

    def _chosen(self, what: str) -> Iterator[tuple[str, str]]:
        for number, column in enumerate(self.found):
            yield column.name, self.cleaned_data.get(f"{what}{number}", "")

    @property
    def options(self) -> dict[str, Any]:
        """The answers as tables and jobs keep them; kinds only where they differ from the found."""
        found = {column.name: column.found or column.kind for column in self.found}
        roles = dict(self._chosen("role"))
        used = [
            column.name
            for column in self.found
            if resembles_id(column) and roles[column.name] == FEATURE
        ]
        first = {role: name for name, role in reversed(roles.items())}
        return {
            "kinds": {name: kind for name, kind in self._chosen("kind") if kind != found[name]},
            "ignore": [name for name, role in roles.items() if role == IGNORE],
            **({"use": used} if used else {}),
            "target": first.get(TARGET),
            "group": first.get(GROUP),
            "time": first.get(TIME),
        }
