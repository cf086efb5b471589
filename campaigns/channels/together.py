"""Giving many messages at once where each of them waits for its own answer."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

M = TypeVar("M")


class Together:
    """So many threads. Messages are taken by the caller's thread alone, and only when one of
    the others is free: what is taken can be given at once."""

    def __init__(self, threads: int, name: str) -> None:
        self._count = threads
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)

    def run(self, messages: Iterable[M], give: Callable[[M], None]) -> None:
        """Give them all, and wait for the last. The first thing that `give` raises ends it."""
        source, free = iter(messages), threading.Semaphore(self._count)
        problems: list[BaseException] = []

        def give_one(message: M) -> None:
            try:
                give(message)
            except BaseException as problem:
                problems.append(problem)
            finally:
                free.release()

        end = object()
        try:
            while not problems:
                with free:  # somebody can give it now
                    message = next(source, end)
                if message is end:
                    break
                free.acquire()
                self._threads.submit(give_one, message)  # type: ignore[arg-type]
        finally:
            for _each in range(self._count):
                free.acquire()
        if problems:
            raise problems[0]

    def close(self) -> None:
        self._threads.shutdown()
