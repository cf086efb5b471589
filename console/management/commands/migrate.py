"""Django's `manage.py migrate`, which here makes a new database in a quarter of the time.

For each new table Django renders anew all models that it is related to, which is most of the
house each time; nothing can speak of a model before it is there, so it is rendered alone.
See `docs/decisions/0013-new-tables.md`.
"""

from typing import Any
from unittest import mock

from django.core.management.commands import migrate
from django.db.migrations.state import ModelState, ProjectState


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with mock.patch.object(ProjectState, "add_model", add_model):
            super().handle(*args, **options)


def add_model(state: ProjectState, model: ModelState) -> None:
    """Add a new model to those that migrations know, and render it."""
    key = (model.app_label, model.name_lower)
    state.models[key] = model
    if state._relations is not None:  # type: ignore[attr-defined]
        state.resolve_model_relations(key)
    if "apps" in state.__dict__:  # asking by name would render all of them
        state.apps.render_multiple([model])
