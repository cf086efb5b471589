"""What an import linter cannot see: sentences, storeys of foreign keys, and statuses."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.contrib import admin

ROOT = Path(__file__).resolve().parent.parent
APPS = ["console", "segments", "campaigns", "metrics"]
STOREY = {name: height for height, name in enumerate(["contenttypes", "auth", *APPS])}


def modules(*, tests: bool = False) -> Iterator[Path]:
    for top in [*APPS, *(["tests"] if tests else [])]:
        yield from (p for p in (ROOT / top).rglob("*.py") if "migrations" not in p.parts)


@functools.cache
def text(path: Path) -> str:
    return path.read_text("utf-8")


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path))


@functools.cache
def told_apart(path: Path) -> tuple[ast.AST, ...]:
    """Everything in a module that assigns, calls, or is a function."""
    wanted = ast.Assign | ast.Call | ast.FunctionDef
    return tuple(node for node in ast.walk(tree(path)) if isinstance(node, wanted))


def test_every_module_opens_with_its_sentence() -> None:
    wrong = []
    for path in modules(tests=True):
        sentence = ast.get_docstring(tree(path)) or "says nothing"
        if not sentence.splitlines()[0].rstrip().endswith((".", "?", "!")):
            wrong.append(f"{path.relative_to(ROOT)}: {sentence}")
    assert wrong == [], "say in one sentence what lives here"


def test_foreign_keys_point_to_the_same_storey_or_lower() -> None:
    wrong = [
        f"{model._meta.label}.{field.name}"
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.get_fields()
        if field.many_to_one
        and field.concrete
        and field.related_model
        and STOREY[field.related_model._meta.app_label] > STOREY[app]
    ]
    assert wrong == []


def test_what_is_shown_has_a_name_in_both_languages() -> None:
    """A name that Django makes of the class cannot be translated."""
    wrong = [
        model.__name__
        for model in admin.site._registry
        if model._meta.app_label in APPS
        and not {"verbose_name", "verbose_name_plural"} <= {*model._meta.original_attrs}
    ]
    assert wrong == []


def test_statuses_are_written_in_one_place() -> None:
    wrong = []
    for path in modules():
        if path.relative_to(ROOT).as_posix() == "console/states.py":
            continue
        for node in told_apart(path):
            assigns = isinstance(node, ast.Assign) and any(
                isinstance(t, ast.Attribute) and t.attr == "status" for t in node.targets
            )
            updates = (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "update"
                and any(word.arg == "status" for word in node.keywords)
            )
            if (assigns or updates) and isinstance(node, ast.stmt | ast.expr):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []


def test_models_are_imported_not_looked_up_by_name() -> None:
    # A migration's state has models of its own time, which nobody can import.
    wrong = [
        str(p) for p in modules() if "get_model(" in text(p).replace("state.apps.get_model(", "")
    ]
    assert wrong == []


def test_files_and_functions_stay_readable() -> None:
    long = []
    for path in modules():
        if (lines := text(path).count("\n")) > 400:
            long.append(f"{path.relative_to(ROOT)}: {lines} lines")
        for node in told_apart(path):
            if isinstance(node, ast.FunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > 60:
                    long.append(f"{path.relative_to(ROOT)}: {node.name} has {lines} lines")
    assert long == []
