"""Requests between teams: asked, agreed, promised, delivered and judged."""
