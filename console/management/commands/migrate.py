"""Django's `manage.py migrate`, which here makes a new database in a fraction of the time.

Whatever changes in a table, Django renders anew all models that are related to it, which is most
of the house each time. A new table, a plain column, an index and a constraint are nothing that
other models know of: there the one model is rendered, or told of it as it stands.
See `docs/decisions/0013-new-tables.md`.
"""

from typing import Any
from unittest import mock

from django.core.management.commands import migrate
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import NOT_PROVIDED, Field

_add_field = ProjectState.add_field


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with mock.patch.multiple(
            ProjectState,
            add_model=add_model,
            add_field=add_field,
            _append_option=append_option,
            _remove_option=remove_option,
        ):
            super().handle(*args, **options)


def add_model(state: ProjectState, model: ModelState) -> None:
    """Add a new model to those that migrations know, and render it."""
    key = (model.app_label, model.name_lower)
    state.models[key] = model
    if state._relations is not None:  # type: ignore[attr-defined]
        state.resolve_model_relations(key)
    if "apps" in state.__dict__:  # asking by name would render all of them
        state.apps.render_multiple([model])


def add_field(
    state: ProjectState,
    app_label: str,
    model_name: str,
    name: str,
    field: "Field[Any, Any]",
    preserve_default: bool,
) -> None:
    """Add a column; one that points nowhere, to the model as it stands."""
    if field.is_relation or "apps" not in state.__dict__:
        _add_field(state, app_label, model_name, name, field, preserve_default)
        return
    if not preserve_default:
        field = field.clone()
        field.default = NOT_PROVIDED
    state.models[app_label, model_name].fields[name] = field
    field.clone().contribute_to_class(state.apps.get_model(app_label, model_name), name)


def append_option(
    state: ProjectState, app_label: str, model_name: str, option: str, one: Any
) -> None:
    """Add an index or a constraint."""
    before = state.models[app_label, model_name].options[option]
    _keep(state, app_label, model_name, option, [*before, one])


def remove_option(
    state: ProjectState, app_label: str, model_name: str, option: str, name: str
) -> None:
    """Take an index or a constraint away."""
    before = state.models[app_label, model_name].options[option]
    _keep(state, app_label, model_name, option, [one for one in before if one.name != name])


def _keep(
    state: ProjectState, app_label: str, model_name: str, option: str, now: list[Any]
) -> None:
    state.models[app_label, model_name].options[option] = now
    if "apps" in state.__dict__:
        meta = state.apps.get_model(app_label, model_name)._meta
        setattr(meta, option, now)
        meta.__dict__.pop("total_unique_constraints", None)  # which is counted once
