"""Structured logs: one JSON object a line, with request and task, and no secrets."""

import re
from pathlib import Path
from typing import Any

import structlog

# Names of values that never reach a log, wherever they appear.
SECRET_NAMES = ("password", "secret", "token", "authorization", "cookie", "csrf", "sessionid")
# Addresses that are secret by their last part: of mails' links and of providers' reports.
TOKENS = re.compile(r"((?:/t/(?:[ocpnu]|r/\d+)|^/s|: /s)/)[^/\s?\"]+")


def without_tokens(text: str) -> str:
    """A path, or a line that speaks of one, without what only its owner may know."""
    return TOKENS.sub(r"\1…", text) if "/t/" in text or "/s/" in text else text


def in_paths(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Blank the secret part of every address that is spoken of."""
    return {k: without_tokens(v) if isinstance(v, str) else v for k, v in event.items()}


def without_secrets(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Blank every value whose name sounds like a secret."""
    return {
        key: "…" if any(name in key.lower() for name in SECRET_NAMES) else value
        for key, value in event.items()
    }


PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.format_exc_info,
    without_secrets,
    in_paths,
]


def config(_home: Path) -> dict[str, Any]:
    """A `logging` configuration that writes JSON lines to standard error."""
    structlog.configure(
        processors=[*PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(ensure_ascii=False),
                ],
                "foreign_pre_chain": PROCESSORS,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django.server": {"handlers": ["stderr"], "propagate": False},
            "deltalake": {"level": "WARNING"},
        },
    }
