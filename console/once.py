"""What many parts of one page ask for is read once, as long as the page changes nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from django.utils.translation import get_language

About = ParamSpec("About")
Answer = TypeVar("Answer")
_ANSWERS: ContextVar[dict[Any, Any] | None] = ContextVar("answers", default=None)


@contextmanager
def a_page() -> Iterator[None]:
    """While this lasts, a question that was asked is not asked again."""
    token = _ANSWERS.set({})
    try:
        yield
    finally:
        _ANSWERS.reset(token)


def a_page_asks(question: Callable[About, Answer]) -> Callable[About, Answer]:
    """A question whose answer is the same all over a page, in each language by itself.

    What it is about has to be hashable. Nobody changes the answer.
    """

    @wraps(question)
    def answered(*args: About.args, **kwargs: About.kwargs) -> Answer:
        answers = _ANSWERS.get()
        if answers is None:
            return question(*args, **kwargs)
        key = (question, get_language(), args, *sorted(kwargs.items()))
        if key not in answers:
            answers[key] = question(*args, **kwargs)
        return cast(Answer, answers[key])

    return answered
